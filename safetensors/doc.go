// Package safetensors reads and writes safetensors files and the Hugging Face
// layout of a checkpoint: a folder of them, whole or sharded.
//
// [ReadHeader] is strict: what the format forbids is refused, nothing is
// guessed. Faults are *ckpterr.Error, of class BadSafetensors unless the
// documentation names another; an error of the storage comes back wrapped and
// without a class.
package safetensors
