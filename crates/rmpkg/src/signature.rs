//! Signatures of packages: ed25519 (RFC 8032) over the bytes of the listing, with keys in the PEM
//! files that `openssl genpkey -algorithm ed25519` and `openssl pkey -pubout` write (RFC 8410).

use ed25519_compact::{KeyPair, Seed};

use crate::error::{Error, Kind, Result};

/// The name of the signature, 64 bytes.
pub const NAME: &str = "meta/signature.sig";

/// What signs.
pub struct SecretKey(KeyPair);

impl SecretKey {
    /// A new key, from the system's random numbers.
    ///
    /// # Errors
    ///
    /// [`Kind::Io`] if the system has none.
    pub fn generate() -> Result<Self> {
        let mut seed = [0; Seed::BYTES];
        getrandom::fill(&mut seed)
            .map_err(|error| Error::new(Kind::Io, format!("no random numbers: {error}")))?;
        Ok(Self(KeyPair::from_seed(Seed::new(seed))))
    }

    /// Reads the text of a PEM file, PKCS#8.
    ///
    /// # Errors
    ///
    /// [`Kind::Key`].
    pub fn parse(pem: &str) -> Result<Self> {
        KeyPair::from_pem(pem).map(Self).map_err(|_| {
            Error::new(
                Kind::Key,
                "no private ed25519 key in PEM, as `rmpkg keygen` and `openssl genpkey -algorithm \
                 ed25519` write it",
            )
        })
    }

    /// The text of a PEM file, PKCS#8.
    #[must_use]
    pub fn to_pem(&self) -> String {
        self.0.sk.to_pem()
    }

    /// The key that checks what this one signs.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.pk)
    }

    /// Signs a listing; the same listing gives the same signature.
    #[must_use]
    pub fn sign(&self, listing: &[u8]) -> [u8; 64] {
        *self.0.sk.sign(listing, None)
    }
}

/// What checks signatures.
pub struct PublicKey(ed25519_compact::PublicKey);

impl PublicKey {
    /// Reads the text of a PEM file, `SubjectPublicKeyInfo`.
    ///
    /// # Errors
    ///
    /// [`Kind::Key`], also for a key for which anybody can make a signature.
    pub fn parse(pem: &str) -> Result<Self> {
        ed25519_compact::PublicKey::from_pem(pem)
            .and_then(|key| key.validate().map(|()| Self(key)))
            .map_err(|_| {
                Error::new(
                    Kind::Key,
                    "no public ed25519 key in PEM, as `rmpkg keygen` and `openssl pkey -pubout` \
                     write it",
                )
            })
    }

    /// The text of a PEM file, `SubjectPublicKeyInfo`.
    #[must_use]
    pub fn to_pem(&self) -> String {
        self.0.to_pem()
    }

    /// Refuses a signature that was not made of this listing by this key.
    ///
    /// # Errors
    ///
    /// [`Kind::Signature`].
    pub fn verify(&self, listing: &[u8], signature: &[u8]) -> Result<()> {
        ed25519_compact::Signature::from_slice(signature)
            .and_then(|signature| self.0.verify(listing, &signature))
            .map_err(|_| {
                Error::new(
                    Kind::Signature,
                    format!("{NAME} was not made of this listing by this key"),
                )
            })
    }
}
