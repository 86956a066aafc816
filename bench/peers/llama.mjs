#!/usr/bin/env node
// Measures the newest llama.cpp through npm's node-llama-cpp: prompt and generation, tokens per second.
//
//   NODE_LLAMA=<folder where npm installed> node llama.mjs -m model.gguf [-p 512,4096] [-n 128] [-t 2] [-r 3] [--cpu haswell]
//
// A prompt of N tokens is evaluated at once (batch >= N up to 2048, llama-bench's own batch) on a fresh sequence, with
// the head for its last token. Generation starts from one token on a fresh sequence and is fed known tokens, as
// llama-bench does, so that no repeat ends early. The token ids are the same pseudo-random ones in every repeat.
// Prints one JSON object. Exit code 3: node-llama-cpp is not there.
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import {pathToFileURL} from "node:url";
import {parseArgs} from "node:util";

const {values: options} = parseArgs({
    options: {
        model: {type: "string", short: "m"},
        prompt: {type: "string", short: "p", default: "512"},
        generate: {type: "string", short: "n", default: "128"},
        threads: {type: "string", short: "t", default: "2"},
        repeats: {type: "string", short: "r", default: "3"},
        cpu: {type: "string"},
    },
});
if (options.model == null) {
    console.error("Say which model to measure: -m model.gguf");
    process.exit(2);
}
const model_path = path.resolve(options.model);
const lengths = text => text.split(",").map(Number).filter(n => n > 0);
const prompts = lengths(options.prompt);
const generations = lengths(options.generate);
const threads = Number(options.threads);
const repeats = Number(options.repeats);

const home = path.resolve(process.env.NODE_LLAMA ?? ".");
const entry = path.join(home, "node_modules/node-llama-cpp/dist/index.js");
if (!fs.existsSync(entry)) {
    console.error(`node-llama-cpp is not installed in ${home} (set NODE_LLAMA to the folder where npm installed it)`);
    process.exit(3);
}

// ggml takes the best libggml-cpu-*.so of its folder. To hold it to another (haswell is AVX2 and FMA without AVX-512),
// it gets a node_modules of its own: links to everything, and a platform package with that one variant alone.
function held_to(variant) {
    const platform = `${process.platform === "darwin" ? "mac" : process.platform === "win32" ? "win" : process.platform}-${process.arch}`;
    const from = path.join(home, "node_modules");
    const bins = path.join("@node-llama-cpp", platform, "bins", platform);
    const wanted = `libggml-cpu-${variant}.so`;
    if (!fs.existsSync(path.join(from, bins, wanted))) {
        console.error(`node-llama-cpp has no CPU variant "${variant}": ${path.join(from, bins, wanted)} is not there`);
        process.exit(3);
    }
    const shadow = fs.mkdtempSync(path.join(os.tmpdir(), "llama-cpu-"));
    process.on("exit", () => fs.rmSync(shadow, {recursive: true, force: true}));
    const to = path.join(shadow, "node_modules");
    fs.mkdirSync(path.join(to, "@node-llama-cpp"), {recursive: true});
    for (const name of fs.readdirSync(from).filter(name => !["@node-llama-cpp", "node-llama-cpp", ".bin"].includes(name))) {
        fs.symlinkSync(path.join(from, name), path.join(to, name));
    }
    // Packages resolve from where they really are: these two have to be copies.
    fs.cpSync(path.join(from, "node-llama-cpp"), path.join(to, "node-llama-cpp"), {recursive: true});
    fs.cpSync(path.join(from, "@node-llama-cpp", platform), path.join(to, "@node-llama-cpp", platform), {
        recursive: true,
        filter: file => !/libggml-cpu-.*\.so$/.test(file) || path.basename(file) === wanted,
    });
    return path.join(to, "node-llama-cpp/dist/index.js");
}

const {getLlama, LlamaLogLevel} = await import(pathToFileURL(options.cpu == null ? entry : held_to(options.cpu)).href);
const llama = await getLlama({
    gpu: false, build: "never", maxThreads: threads, skipDownload: true, progressLogs: false,
    logLevel: LlamaLogLevel.error,
});
const model = await llama.loadModel({modelPath: model_path});
const longest = Math.max(...prompts, ...generations.map(n => n + 1));
const context = await model.createContext({
    contextSize: Math.ceil((longest + 8) / 256) * 256,
    batchSize: Math.min(2048, Math.max(512, longest)),
    threads: {ideal: threads, min: threads},
    flashAttention: true,
});
const vocabulary = model.fileInfo.metadata.tokenizer.ggml.tokens.length;
let state = 1;
const tokens = Array.from({length: longest + 1}, () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) % vocabulary;
});
const greedy = {temperature: 0, yieldEogToken: true};

async function prompt(n) {
    const sequence = context.getSequence();
    const start = process.hrtime.bigint();
    const generator = sequence.evaluate(tokens.slice(0, n), greedy);
    await generator.next();
    const nanos = Number(process.hrtime.bigint() - start);
    await generator.return();
    await sequence.dispose();
    return n / (nanos / 1e9);
}

async function generation(n) {
    const sequence = context.getSequence();
    const generator = sequence.evaluate(tokens.slice(0, 1), greedy);
    const start = process.hrtime.bigint();
    for (let i = 1; i <= n; i++) {
        // next() runs the token that it is handed (the first call runs tokens[0]).
        await generator.next(tokens[i - 1]);
    }
    const nanos = Number(process.hrtime.bigint() - start);
    await generator.return();
    await sequence.dispose();
    return n / (nanos / 1e9);
}

const median = list => {
    const sorted = [...list].sort((a, b) => a - b);
    const half = sorted.length >> 1;
    return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
};

const tests = [];
for (const [kind, sizes, run] of [["pp", prompts, prompt], ["tg", generations, generation]]) {
    for (const n of sizes) {
        await run(n); // warm-up
        const samples = [];
        for (let r = 0; r < repeats; r++) {
            samples.push(await run(n));
        }
        tests.push({test: kind + n, median: median(samples), samples});
    }
}
const maps = fs.existsSync("/proc/self/maps") ? fs.readFileSync("/proc/self/maps", "utf8") : "";
console.log(JSON.stringify({
    peer: "llama.cpp",
    release: llama.llamaCppRelease?.release,
    binding: JSON.parse(fs.readFileSync(path.join(home, "node_modules/node-llama-cpp/package.json"))).version,
    cpu: maps.match(/libggml-cpu-([a-z0-9]+)\.so/)?.[1] ?? options.cpu ?? "best",
    avx512: /AVX512 = 1/.test(llama.systemInfo),
    threads: context.currentThreads,
    batch: context.batchSize,
    tests,
}));
await context.dispose();
await model.dispose();
await llama.dispose();
