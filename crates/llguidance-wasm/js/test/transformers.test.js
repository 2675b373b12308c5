// The generation loop of Transformers.js itself, around a made model: its logits prefer what the
// grammars below forbid. Transformers.js brings 470 MB of runtimes for real models, so the test runs
// where it is installed, and is skipped elsewhere.
import assert from "node:assert/strict";
import { test } from "node:test";

import { fromResponseFormat, Llguidance, Tokenizer } from "llguidance-wasm";

const name = "@huggingface/transformers";
const transformers = await import(name).catch(() => undefined);
const END = 256;

function madeModel(vocabSize, preferred) {
  const { LlamaForCausalLM, Tensor } = transformers;
  const config = { model_type: "llama", is_encoder_decoder: false, eos_token_id: END, num_key_value_heads: 1, num_hidden_layers: 0, head_dim: 1 };
  const model = new LlamaForCausalLM(config, { model: { config: {}, inputNames: ["input_ids"] } }, {});
  model.forward = async ({ input_ids }) => {
    const batch = input_ids.dims[0];
    const row = Float32Array.from({ length: vocabSize }, (_, token) => -Math.abs(token - preferred.codePointAt(0)));
    const data = new Float32Array(batch * vocabSize);
    for (let index = 0; index < batch; index++) data.set(row, index * vocabSize);
    return { logits: new Tensor("float32", data, [batch, 1, vocabSize]) };
  };
  return model;
}

test("Transformers.js generates what the response format asks for", { skip: transformers ? false : `${name} is not installed` }, async () => {
  await Llguidance.load();
  const tokenizer = Tokenizer.bytes();
  const { Tensor } = transformers;
  const prompt = new Tensor("int64", [72n, 105n, 72n, 105n], [2, 2]);
  for (const [format, preferred, expected] of [
    [{ type: "json_schema", json_schema: { type: "object", properties: { a: { type: "integer", maximum: 9, minimum: 7 } }, required: ["a"], additionalProperties: false } }, "c", '{"a":9}'],
    [{ type: "regex", regex: "[a-f]{3}" }, "z", "fff"],
    [{ type: "lark", lark: 'start: "x"+ "!"' }, "!", "x!"],
  ]) {
    const constraint = fromResponseFormat(tokenizer, format);
    const sequences = await madeModel(300, preferred).generate({
      inputs: prompt,
      max_new_tokens: 30,
      logits_processor: [constraint.logits_processor],
      stopping_criteria: [constraint.stopping_criteria],
    });
    for (const row of sequences.tolist()) {
      const tokens = row.slice(2).map(Number).filter((token) => token !== END);
      assert.equal(tokenizer.decode(tokens).replaceAll(" ", ""), expected, JSON.stringify(format));
    }
    constraint.dispose();
  }
});
