//! The network, which WASI 0.1 does not have.

use clawft_core::platform::{Exchange, HttpClient, HttpError, Request};

#[cfg(not(feature = "host-http"))]
pub use absent::Network;
#[cfg(feature = "host-http")]
pub use host::Network;

#[cfg(not(feature = "host-http"))]
mod absent {
    use super::{Exchange, HttpClient, HttpError, Request};

    /// A network that is not there.
    pub struct Network;

    impl HttpClient for Network {
        fn send(&self, _: &Request) -> Result<Box<dyn Exchange>, HttpError> {
            Err(HttpError::Unavailable(
                "WASI 0.1 has none; clawft-http.wasm uses the one of a host that offers the functions of \
                 clawft_http, and the component clawft-wasm that of any host of WASI 0.2"
                    .to_owned(),
            ))
        }
    }
}

/// The functions of `clawft_http`, which docs/deployment.md describes.
#[cfg(feature = "host-http")]
mod host {
    use clawft_core::platform::{Head, USER_AGENT, memory};

    use super::{Exchange, HttpClient, HttpError, Request};

    #[link(wasm_import_module = "clawft_http")]
    unsafe extern "C" {
        /// Sends a request: its handle, or what went wrong.
        fn start(
            method: *const u8,
            method_length: usize,
            url: *const u8,
            url_length: usize,
            headers: *const u8,
            headers_length: usize,
            body: *const u8,
            body_length: usize,
            timeout: u64,
        ) -> i32;
        /// Waits for the status and the headers: how many bytes they have.
        fn head(handle: i32, buffer: *mut u8, length: usize) -> i32;
        /// Waits for some of the body: how many bytes.
        fn read(handle: i32, buffer: *mut u8, length: usize) -> i32;
        /// Why the last call of any of these failed: how many bytes.
        fn reason(buffer: *mut u8, length: usize) -> i32;
        /// Ends a request.
        fn close(handle: i32);
    }

    /// Most bytes of a response's head.
    const HEAD: usize = 65_536;
    /// Most bytes of a reason.
    const REASON: usize = 1_024;

    /// The host's network.
    pub struct Network;

    struct Sent {
        handle: i32,
        head: Option<Result<Head, HttpError>>,
    }

    impl HttpClient for Network {
        fn send(&self, request: &Request) -> Result<Box<dyn Exchange>, HttpError> {
            if !memory::room(request.body.len()) {
                return Err(HttpError::Memory);
            }
            let mut headers = String::new();
            for (name, value) in &request.headers {
                if [name, value].iter().any(|text| text.contains(['\r', '\n'])) {
                    return Err(HttpError::Invalid(["header ", name].concat()));
                }
                headers.extend([name.as_str(), ": ", value, "\n"]);
            }
            if !request.has_header("user-agent") {
                headers.extend(["user-agent: ", USER_AGENT, "\n"]);
            }
            let Request {
                method,
                url,
                body,
                timeout,
                ..
            } = request;
            // SAFETY: each pointer has as many bytes as are said, for as long as the call takes.
            let handle = unsafe {
                start(
                    method.as_ptr(),
                    method.len(),
                    url.as_ptr(),
                    url.len(),
                    headers.as_ptr(),
                    headers.len(),
                    body.as_ptr(),
                    body.len(),
                    *timeout,
                )
            };
            if handle < 0 {
                return Err(failure(handle));
            }
            Ok(Box::new(Sent { handle, head: None }))
        }
    }

    impl Exchange for Sent {
        fn head(&mut self) -> Result<&Head, HttpError> {
            match self.head.get_or_insert_with(|| receive(self.handle)) {
                Ok(head) => Ok(head),
                Err(error) => Err(error.clone()),
            }
        }

        fn read(&mut self, buffer: &mut [u8]) -> Result<usize, HttpError> {
            if !memory::room(0) {
                return Err(HttpError::Memory);
            }
            // SAFETY: the buffer has as many bytes as are said, and nothing else uses it meanwhile.
            let count = unsafe { read(self.handle, buffer.as_mut_ptr(), buffer.len()) };
            usize::try_from(count)
                .map(|count| count.min(buffer.len()))
                .map_err(|_| failure(count))
        }
    }

    impl Drop for Sent {
        fn drop(&mut self) {
            // SAFETY: the handle is ours alone, and is not used again.
            unsafe { close(self.handle) };
        }
    }

    /// The head, which a host writes as the status and then a line `name: value` for each header.
    fn receive(handle: i32) -> Result<Head, HttpError> {
        let mut buffer = vec![0; HEAD];
        // SAFETY: the buffer has as many bytes as are said, and nothing else uses it meanwhile.
        let length = unsafe { head(handle, buffer.as_mut_ptr(), buffer.len()) };
        let text = usize::try_from(length).map_err(|_| failure(length))?;
        let broken = |what: &str| HttpError::Broken(what.to_owned());
        let text = buffer
            .get(..text)
            .ok_or_else(|| broken("the headers are too long"))?;
        let text = String::from_utf8_lossy(text);
        let mut lines = text.lines();
        let status = lines
            .next()
            .and_then(|status| status.parse().ok())
            .ok_or_else(|| broken("no status"))?;
        let headers = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        Ok(Head { status, headers })
    }

    /// What a negative result means.
    fn failure(code: i32) -> HttpError {
        let mut buffer = vec![0; REASON];
        // SAFETY: the buffer has as many bytes as are said.
        let length = unsafe { reason(buffer.as_mut_ptr(), buffer.len()) };
        buffer.truncate(usize::try_from(length).unwrap_or(0));
        let why = String::from_utf8_lossy(&buffer).into_owned();
        match code {
            -1 => HttpError::Unavailable(why),
            -2 => HttpError::Invalid(why),
            -3 => HttpError::Connect(why),
            -4 => HttpError::Timeout,
            _ => HttpError::Broken(why),
        }
    }
}
