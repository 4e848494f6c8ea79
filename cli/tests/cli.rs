//! The program `motet` as people call it, on tiny random models (tests/fixtures/models).

mod cli {
    mod bench;
    mod chat;
    mod generate;
    mod header;
    mod logits;
    mod program;
    mod refusals;
    mod score;
    mod tuning;
}
