//! The functions of `clawft_http`, which docs/deployment.md describes, by the network of the native agent.

use std::cell::RefCell;

use clawft_core::platform::native_http::NativeHttp;
use clawft_core::platform::{Exchange, HttpClient as _, HttpError, Request};
use wamr::{Caller, Error, HostFunction};

/// All functions, under the module's name.
pub const MODULE: &std::ffi::CStr = c"clawft_http";
/// See [`MODULE`].
pub static FUNCTIONS: &[HostFunction] = &[
    HostFunction {
        name: c"start",
        signature: c"(iiiiiiiiI)i",
        run: |caller, arguments| result(start(caller, arguments)),
    },
    HostFunction {
        name: c"head",
        signature: c"(iii)i",
        run: |caller, arguments| result(head(caller, arguments)),
    },
    HostFunction {
        name: c"read",
        signature: c"(iii)i",
        run: |caller, arguments| result(read(caller, arguments)),
    },
    HostFunction {
        name: c"reason",
        signature: c"(ii)i",
        run: reason,
    },
    HostFunction {
        name: c"close",
        signature: c"(i)",
        run: |_, arguments| {
            let place = place(arguments[0]);
            NETWORK.with_borrow_mut(|network| network.exchanges.get_mut(place).map(Option::take));
            Ok(0)
        },
    },
];

/// Most bytes of the body that are read at once.
const PIECE: u32 = 1 << 16;

/// What the program has of the network.
#[derive(Default)]
struct Network {
    http: NativeHttp,
    /// By their handles, which begin at 1
    exchanges: Vec<Option<Box<dyn Exchange>>>,
    /// Why the last call failed
    why: String,
}

thread_local! {
    static NETWORK: RefCell<Network> = RefCell::default();
}

/// Why a function fails: with a result below zero, or the program with it.
enum Failure {
    Http(HttpError),
    Trap(Error),
}

impl From<HttpError> for Failure {
    fn from(error: HttpError) -> Self {
        Self::Http(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Trap(error)
    }
}

/// What a function gives, which for a failure is its number.
fn result(result: Result<u32, Failure>) -> Result<u64, Error> {
    let error = match result {
        Ok(count) => return Ok(count.into()),
        Err(Failure::Trap(error)) => return Err(error),
        Err(Failure::Http(error)) => error,
    };
    let (code, why) = match error {
        HttpError::Unavailable(why) => (-1, why),
        HttpError::Invalid(why) => (-2, why),
        HttpError::Connect(why) => (-3, why),
        HttpError::Timeout => (-4, String::new()),
        HttpError::Broken(why) => (-5, why),
        HttpError::Memory => (-5, error.to_string()),
    };
    NETWORK.with_borrow_mut(|network| network.why = why);
    Ok(u64::from(i32::cast_unsigned(code)))
}

/// An argument of 32 bits.
fn short(argument: u64) -> u32 {
    u32::try_from(argument).unwrap_or(u32::MAX)
}

/// Where the exchange of a handle is; beyond all for what is none.
fn place(handle: u64) -> usize {
    usize::try_from(handle.wrapping_sub(1)).unwrap_or(usize::MAX)
}

fn start(caller: &Caller, arguments: &[u64]) -> Result<u32, Failure> {
    let text = |place: usize| caller.read(short(arguments[place]), short(arguments[place + 1]));
    let string = |place| {
        let none = |_| HttpError::Invalid("what is no UTF-8".to_owned());
        Ok::<_, Failure>(String::from_utf8(text(place)?).map_err(none)?)
    };
    let headers = string(4)?;
    let headers = headers.lines().filter_map(|line| line.split_once(": "));
    let request = Request {
        method: string(0)?,
        url: string(2)?,
        headers: headers
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        body: text(6)?,
        timeout: arguments[8],
        ..Request::default()
    };
    NETWORK.with_borrow_mut(|network| {
        let exchange = network.http.send(&request)?;
        network.exchanges.push(Some(exchange));
        u32::try_from(network.exchanges.len())
            .map_err(|_| HttpError::Unavailable("too many requests".to_owned()).into())
    })
}

/// Does something with the exchange of a handle.
fn with<T>(
    handle: u64,
    act: impl FnOnce(&mut dyn Exchange) -> Result<T, HttpError>,
) -> Result<T, HttpError> {
    NETWORK.with_borrow_mut(|network| {
        let exchange = network.exchanges.get_mut(place(handle));
        let none = || HttpError::Broken("no such request".to_owned());
        act(&mut **exchange.and_then(Option::as_mut).ok_or_else(none)?)
    })
}

fn head(caller: &mut Caller, arguments: &[u64]) -> Result<u32, Failure> {
    let text = with(arguments[0], |exchange| {
        let head = exchange.head()?;
        let mut text = head.status.to_string();
        for (name, value) in &head.headers {
            text.extend(["\n", name, ": ", value]);
        }
        Ok(text)
    })?;
    let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
    if length > short(arguments[2]) {
        return Err(HttpError::Broken("the headers are too long".to_owned()).into());
    }
    caller.write(short(arguments[1]), text.as_bytes())?;
    Ok(length)
}

fn read(caller: &mut Caller, arguments: &[u64]) -> Result<u32, Failure> {
    let mut buffer = vec![0; short(arguments[2]).min(PIECE) as usize];
    let length = with(arguments[0], |exchange| exchange.read(&mut buffer))?;
    caller.write(short(arguments[1]), &buffer[..length])?;
    Ok(u32::try_from(length).unwrap_or(u32::MAX))
}

fn reason(caller: &mut Caller, arguments: &[u64]) -> Result<u64, Error> {
    let text = NETWORK.with_borrow(|network| network.why.clone());
    let text = &text.as_bytes()[..text.len().min(short(arguments[1]) as usize)];
    caller.write(short(arguments[0]), text)?;
    Ok(text.len() as u64)
}
