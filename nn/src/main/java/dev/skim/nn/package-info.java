/** Layers on tensors. A layer knows its parameters by their GGUF names. */
package dev.skim.nn;
