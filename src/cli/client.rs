//! What subcommands that call a server share: where it is, who calls, and what its refusals say.

use std::time::Duration;

use clap::Args;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};

#[derive(Debug, Args)]
pub struct ServerArgs {
    /// Where the server listens
    #[arg(long, default_value = "127.0.0.1:50051", env = "DOCKET_ADDRESS")]
    address: String,
    /// Who calls: what `docket token` prints
    #[arg(long, env = "DOCKET_TOKEN", hide_env_values = true)]
    token: Option<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    #[error(
        "no token: set DOCKET_TOKEN or give --token; `docket token --tenant demo --sub ann --roles agent` makes one for a \
         server on this machine"
    )]
    NoToken,
    #[error("the token has characters that no token has: paste what `docket token` prints")]
    BadToken,
    #[error("{address:?} is no address of a server: write HOST:PORT or http://HOST:PORT")]
    BadAddress { address: String },
    #[error("no server answers at {address}: is it running? (`make run`, or `docket dev`)")]
    Away { address: String, source: tonic::transport::Error },
    /// In the server's own words.
    #[error("{}", .0.message())]
    Refused(#[from] Box<Status>),
}

impl From<Status> for ClientError {
    fn from(status: Status) -> ClientError {
        ClientError::Refused(Box::new(status))
    }
}

/// Adds the token to each call.
#[derive(Clone)]
pub struct Bearer(MetadataValue<Ascii>);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", self.0.clone());
        Ok(request)
    }
}

impl ServerArgs {
    /// A connection that comes back by itself after it was lost.
    pub async fn connect(&self) -> Result<(Channel, Bearer), ClientError> {
        let token =
            self.token.as_deref().map(str::trim).filter(|token| !token.is_empty()).ok_or(ClientError::NoToken)?;
        let mut bearer: MetadataValue<Ascii> = format!("Bearer {token}").parse().map_err(|_| ClientError::BadToken)?;
        bearer.set_sensitive(true);
        let address = match self.address.contains("://") {
            true => self.address.clone(),
            false => format!("http://{}", self.address),
        };
        let endpoint = Endpoint::from_shared(address.clone())
            .map_err(|_| ClientError::BadAddress { address: self.address.clone() })?
            .connect_timeout(Duration::from_secs(5))
            .http2_keep_alive_interval(Duration::from_secs(20))
            .keep_alive_while_idle(true);
        let channel = endpoint.connect().await.map_err(|source| ClientError::Away { address, source })?;
        Ok((channel, Bearer(bearer)))
    }
}
