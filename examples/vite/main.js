import { Motet } from "motet";

const output = document.querySelector("output");
const progress = document.getElementById("progress");
const model = new URLSearchParams(location.search).get("model") ?? "smollm2";

try {
  const motet = await Motet.load(model, {
    onProgress: ({ phase, done, total }) => (progress.textContent = `${phase}: ${Math.round((100 * done) / total)} %`),
  });
  progress.textContent = `${motet.model.name} on ${motet.adapter.adapter}`;
  const answer = await motet.completions.create({ prompt: "Once upon a time", max_tokens: 24, stream: true });
  for await (const chunk of answer) output.append(chunk.choices[0]?.text ?? "");
} catch (error) {
  output.textContent = `Error: ${error.message}`;
}
