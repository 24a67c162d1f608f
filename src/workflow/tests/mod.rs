//! What the floor promises, tried as the floors above use it.

mod actions;
mod activities_page;
mod anything;
mod conditions;
mod files;
mod findings;
mod images;
mod shipped;
mod triggers;
