//! Chat completions, as OpenAI defined them and most providers offer them.
