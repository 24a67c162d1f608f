//! Tests of the layer, through what the layers above use.

mod actions;
mod activities_page;
mod anything;
mod conditions;
mod files;
mod findings;
mod folder;
mod images;
mod shipped;
mod triggers;
mod variables;
mod warnings;
