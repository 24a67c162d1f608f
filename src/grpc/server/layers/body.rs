//! Response bodies watched to their end: the final status of a call is in its trailers.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Bytes;
use http::HeaderMap;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tonic::body::Body;
use tonic::{Code, Status};

use super::call::CallGuard;

pub(super) struct CallBody {
    inner: Body,
    /// None once the call has ended.
    call: Option<CallGuard>,
}

impl CallBody {
    pub fn new(inner: Body, call: CallGuard) -> CallBody {
        CallBody { inner, call: Some(call) }
    }

    fn end(&mut self, code: Code, message: &str) {
        if let Some(call) = self.call.take() {
            call.end(code, message);
        }
    }

    /// A stream that panicked ends with the status that says so; the connection's other calls go on.
    fn cut(&mut self) -> Option<Result<Frame<Bytes>, Status>> {
        let call = self.call.take()?;
        let status = call.panicked();
        let mut trailers = HeaderMap::new();
        let written = status.add_header(&mut trailers);
        call.end(status.code(), status.message());
        self.inner = Body::empty();
        Some(written.map(|()| Frame::trailers(trailers)))
    }
}

impl HttpBody for CallBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = self.get_mut();
        let span = this.call.as_ref().map(|call| call.span.clone());
        let _entered = span.as_ref().map(|span| span.enter());
        let polled = catch_unwind(AssertUnwindSafe(|| Pin::new(&mut this.inner).poll_frame(cx)));
        let Ok(polled) = polled else {
            return Poll::Ready(this.cut());
        };
        match &polled {
            Poll::Pending => {}
            Poll::Ready(None) => this.end(Code::Ok, ""),
            Poll::Ready(Some(Err(status))) => this.end(status.code(), status.message()),
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(status) = frame.trailers_ref().and_then(Status::from_header_map) {
                    this.end(status.code(), status.message());
                }
            }
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
