//! What layer and extractor share: secrets, options, and the reading of bodies.

use std::{error, fmt, sync::Arc};

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode, header::CONTENT_TYPE};
use http_body::Body;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};

use crate::{Data, Error, Event, Options, Reason, Secrets, error::shortened, verify};

/// How many bytes of a body are read, unless [`Receiver::max_body`] says otherwise.
pub const DEFAULT_MAX_BODY: usize = 1024 * 1024;

/// What the layer and the extractor verify requests by. Clones share it.
#[derive(Clone)]
pub struct Receiver {
    secrets: Arc<dyn Fn() -> Arc<Secrets> + Send + Sync>,
    options: Options,
    max_body: usize,
}

impl Receiver {
    /// Verifies with these secrets.
    pub fn new(secrets: Secrets) -> Self {
        let secrets = Arc::new(secrets);
        Self::with(move || Arc::clone(&secrets))
    }

    /// Asks for the secrets at each request, so that a rotation needs no restart.
    ///
    /// ```
    /// # fn main() -> Result<(), waxwing_receiver::Error> {
    /// use std::sync::{Arc, RwLock};
    /// use waxwing_receiver::{Receiver, Secrets};
    ///
    /// let current = Arc::new(RwLock::new(Arc::new(Secrets::new(["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])?)));
    /// let shared = Arc::clone(&current);
    /// let receiver = Receiver::with(move || Arc::clone(&shared.read().unwrap()));
    ///
    /// // Later, when the file of secrets has changed:
    /// *current.write().unwrap() = Arc::new(Secrets::new(["whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"])?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn with(secrets: impl Fn() -> Arc<Secrets> + Send + Sync + 'static) -> Self {
        Self { secrets: Arc::new(secrets), options: Options::new(), max_body: DEFAULT_MAX_BODY }
    }

    /// Verifies by these options.
    #[must_use]
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// Sets how many bytes of a body are read.
    #[must_use]
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.max_body = bytes;
        self
    }

    /// Reads a body within its bound and verifies it.
    pub(crate) async fn receive<T: Data, B>(
        &self,
        headers: &HeaderMap,
        body: B,
    ) -> Result<(Event<T>, Bytes), Error>
    where
        B: Body<Error: Into<Box<dyn error::Error + Send + Sync>>>,
    {
        let body = Limited::new(body, self.max_body).collect().await;
        let body = body.map_err(|error| self.unread(&*error))?.to_bytes();
        let event = verify(&body, headers, &(self.secrets)(), &self.options)?;
        Ok((event, body))
    }

    /// Too many bytes, whether it was this bound or one in front of it; or a broken stream.
    fn unread(&self, error: &(dyn error::Error + 'static)) -> Error {
        let mut causes = std::iter::successors(Some(error), |error| error.source());
        if causes.any(<dyn error::Error>::is::<LengthLimitError>) {
            let detail = format!("the body has more than {} bytes, or than a bound in front", self.max_body);
            return Error::new(Reason::BodyTooLarge, detail);
        }
        let detail = format!("the body could not be read to its end: {}", shortened(&error.to_string()));
        Error::new(Reason::BodyNotRaw, detail)
    }
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Receiver");
        shown.field("options", &self.options).field("max_body", &self.max_body).finish_non_exhaustive()
    }
}

/// The answer to a request that was refused.
pub(crate) fn refusal(error: &Error) -> Response<Full<Bytes>> {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    answer(status, "application/json", error.answer())
}

/// The answer to an event that was there before.
pub(crate) fn duplicate() -> Response<Full<Bytes>> {
    answer(StatusCode::OK, "text/plain", "duplicate")
}

/// The answer when it is not known whether an event was there before. What failed is not said:
/// the sender shows it to others, and it may name a server or a password.
pub(crate) fn not_known() -> Response<Full<Bytes>> {
    let text = "the store of seen ids could not be asked";
    answer(StatusCode::INTERNAL_SERVER_ERROR, "text/plain", text)
}

fn answer(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, http::HeaderValue::from_static(content_type));
    response
}
