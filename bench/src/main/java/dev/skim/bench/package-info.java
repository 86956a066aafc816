/** Benchmarks of the kernels, each of which checks what it times before it times it. */
package dev.skim.bench;
