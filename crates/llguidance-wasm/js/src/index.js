export {
  DisposedError,
  GrammarError,
  InstanceLostError,
  LlguidanceError,
  LoadError,
  MatcherError,
  OutOfMemoryError,
  TokenizerError,
} from "./errors.js";
export { validateGrammar } from "./grammar.js";
export { Llguidance } from "./load.js";
export { allowedTokens, applyMask, isAllowed } from "./mask.js";
export { Matcher } from "./matcher.js";
export { fromResponseFormat } from "./response-format.js";
export { StopController } from "./stop-controller.js";
export { Tokenizer } from "./tokenizer.js";
