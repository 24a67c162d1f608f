//! The wire: the only floor that names pb:: or tonic::. Handlers unpack, call, pack.

pub mod activity;
mod as_of;
pub mod auth;
mod canned;
pub mod convert;
pub mod directory;
pub mod fault;
pub mod frame;
mod include;
pub mod issue;
pub mod layers;
pub mod methods;
pub mod pb;
pub mod read;
mod replay;
pub mod rest;
pub mod rules;
mod search;
pub mod serve;
pub mod state;
mod statistics;
pub mod status;
mod tag;
pub mod tenant;
pub mod ticket;
pub mod workflow;
mod write;
