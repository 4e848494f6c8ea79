//! What each verb does.

pub mod bench;
pub mod chat;
pub mod devices;
pub mod generate;
pub mod inspect;
pub mod logits;
pub mod models;
pub mod score;
pub mod text;
