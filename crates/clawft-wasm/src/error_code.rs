//! The calls of `wasi:http` that may end in an `error-code`.
//!
//! Most of its 39 cases have a payload. Bindings that are generated read them all in each of the three
//! functions, which is 3 KB; here they are read once, as far as anybody is told of them. How they lie in
//! memory is said by the Canonical ABI: a variant is the number of its case, in `wit/wasi.wit` from 0 on,
//! and then, as far from it as the most aligned of all payloads asks for, the payload.

use alloc::borrow::ToOwned;
use alloc::string::String;

use clawft_core::platform::HttpError;

use crate::bindings::wasi::http::types::{
    FutureIncomingResponse, IncomingResponse, OutgoingBody, OutgoingRequest, RequestOptions,
};

#[cfg_attr(
    target_family = "wasm",
    link(wasm_import_module = "wasi:http/outgoing-handler@0.2.0")
)]
unsafe extern "C" {
    #[link_name = "handle"]
    fn handle(request: u32, has_options: u32, options: u32, result: &mut Output);
}

#[cfg_attr(
    target_family = "wasm",
    link(wasm_import_module = "wasi:http/types@0.2.0")
)]
unsafe extern "C" {
    #[link_name = "[method]future-incoming-response.get"]
    fn get(response: u32, result: &mut Output);
    #[link_name = "[static]outgoing-body.finish"]
    fn finish(body: u32, has_trailers: u32, trailers: u32, result: &mut Output);
}

/// How far payloads are from the numbers of their cases: as `option<u64>` is aligned.
const PAYLOAD: usize = 8;

/// Where a host writes its answer: three cases, one within the other, before an `error-code` of 32 bytes.
#[repr(C, align(8))]
struct Output([u8; 3 * PAYLOAD + 32]);

/// Gives the host a request to send.
pub fn send(
    request: OutgoingRequest,
    options: Option<RequestOptions>,
) -> Result<FutureIncomingResponse, HttpError> {
    let options = options.map(|options| options.take_handle());
    let mut output = Output::new();
    // SAFETY: the host takes over both handles, and its result has room.
    unsafe {
        handle(
            request.take_handle(),
            options.is_some().into(),
            options.unwrap_or_default(),
            &mut output,
        );
    }
    let handle = output.result(0)?;
    // SAFETY: the host has just made it.
    Ok(unsafe { FutureIncomingResponse::from_handle(handle) })
}

/// The response, once it is there.
pub fn received(response: &FutureIncomingResponse) -> Result<IncomingResponse, HttpError> {
    let mut output = Output::new();
    // SAFETY: the response stays, and its result has room.
    unsafe { get(response.handle(), &mut output) };
    // It may be there not yet, or have been taken.
    if output.case(0) == 0 || output.case(PAYLOAD) == 1 {
        return Err(HttpError::Broken("no response".to_owned()));
    }
    let handle = output.result(2 * PAYLOAD)?;
    // SAFETY: the host has just made it.
    Ok(unsafe { IncomingResponse::from_handle(handle) })
}

/// Ends a body, without trailers.
pub fn end(body: OutgoingBody) -> Result<(), HttpError> {
    let mut output = Output::new();
    // SAFETY: the host takes over the handle, and its result has room.
    unsafe { finish(body.take_handle(), 0, 0, &mut output) };
    output.result(0).map(drop)
}

impl Output {
    const fn new() -> Self {
        Self([0; 3 * PAYLOAD + 32])
    }

    const fn case(&self, at: usize) -> u8 {
        self.0[at]
    }

    fn word(&self, at: usize) -> u32 {
        let bytes = [0, 1, 2, 3].map(|byte| self.0[at + byte]);
        u32::from_le_bytes(bytes)
    }

    /// The handle of a `result<own<…>, error-code>`; of `result<_, error-code>` no number that means
    /// anything.
    fn result(&self, at: usize) -> Result<u32, HttpError> {
        let payload = at + PAYLOAD;
        if self.case(at) == 0 {
            Ok(self.word(payload))
        } else {
            Err(self.error(payload))
        }
    }

    /// Takes the text that an `error-code` has.
    fn text(&self, at: usize) -> Option<String> {
        let payload = at + PAYLOAD;
        let text = match self.case(at) {
            // DNS-error, the sizes of one field, both codings, internal-error: it comes first
            1 | 24 | 27 | 30..=32 | 38 => payload,
            // TLS-alert-received: after the alert's id
            14 => payload + 4,
            // HTTP-request-header-size: that of one field, if there is one
            22 if self.case(payload) == 1 => payload + 4,
            _ => return None,
        };
        if self.case(text) == 0 {
            return None;
        }
        let address = self.word(text + 4) as usize as *mut u8;
        let length = self.word(text + 8) as usize;
        #[expect(
            clippy::same_length_and_capacity,
            reason = "the host asks for as much as it writes"
        )]
        // SAFETY: the host has written UTF-8 of that length, in memory that the allocator gave it for that.
        Some(unsafe { String::from_raw_parts(address, length, length) })
    }

    fn error(&self, at: usize) -> HttpError {
        let text = self.text(at);
        let connect = |why: &str| HttpError::Connect(why.to_owned());
        let refused = "the host of the component refuses the request";
        match self.case(at) {
            // DNS-timeout, connection-timeout, -read-timeout and -write-timeout, HTTP-response-timeout
            0 | 8..=10 | 33 => HttpError::Timeout,
            // DNS-error, destination-not-found
            1 | 2 => connect("the host is unknown"),
            // destination-unavailable, destination-IP-unroutable
            3 | 5 => connect("the host cannot be reached"),
            // destination-IP-prohibited
            4 => connect("the address is forbidden"),
            // connection-refused
            6 => connect("refused"),
            // connection-terminated, HTTP-response-incomplete
            7 | 25 => HttpError::Broken("it ended early".to_owned()),
            // connection-limit-reached
            11 => connect("too many connections"),
            // TLS-protocol-error, TLS-alert-received
            12 | 14 => connect("TLS failed"),
            // TLS-certificate-error
            13 => connect("the certificate does not hold"),
            // HTTP-request-denied
            15 => HttpError::Unavailable(refused.to_owned()),
            // HTTP-request-length-required to HTTP-request-trailer-size
            16..=24 => HttpError::Invalid(refused.to_owned()),
            // internal-error
            38 if let Some(why) = text => HttpError::Broken(why),
            _ => HttpError::Broken("it is no HTTP".to_owned()),
        }
    }
}
