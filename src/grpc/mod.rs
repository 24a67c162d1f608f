//! The gRPC API: the only layer that names pb:: or tonic::. Handlers unpack requests, call the layers below, and build responses.

pub mod call;
pub mod client;
pub mod codec;
pub mod convert;
pub mod pb;
mod replay;
pub mod rest;
pub mod sandbox;
pub mod server;
pub mod services;
pub mod status;
