//! The wire: the only floor that names pb:: or tonic::. Handlers unpack, call, pack.

pub mod call;
pub mod client;
pub mod convert;
pub mod pb;
mod replay;
pub mod rest;
pub mod server;
pub mod services;
pub mod status;
