/*
 * perfvec: learned performance estimates inside a running simulator.
 *
 * Made from src/capi by cbindgen; do not edit.
 *
 * Every call that can fail answers a perfvec_status and keeps the text of the error for
 * perfvec_last_error() (per thread) and perfvec_session_last_error() and its like (per handle).
 * No panic, abort or signal crosses. Pointers must not be NULL unless documented; a NULL or
 * foreign handle is told.
 *
 * Threads: a model is shared by any number of threads and sessions, and is safe to free while
 * sessions use it. A microarch table may be read by any number of threads as long as none changes
 * it. A session, recorder or calibrator belongs to one thread at a time; a call that meets another
 * one in progress answers PERFVEC_ERR_STATE.
 *
 * fork(): a child may use its parent's models (on the native engine) and microarch tables. It can
 * only destroy its parent's sessions, recorders and calibrators; every other call with them
 * answers PERFVEC_ERR_STATE and says how to rebuild them.
 *
 * Structs that may grow begin with their size: set struct_size = sizeof the struct, also before a
 * call that fills it. Fields called reserved must be 0.
 */


#ifndef PERFVEC_H
#define PERFVEC_H

#include <stddef.h>
#include <stdint.h>

/**
 * Version of the C ABI that this header describes. It changes only when a program compiled
 * against an older header would break.
 */
#define PERFVEC_ABI_VERSION 1

/**
 * The call did what its documentation says.
 */
#define PERFVEC_OK 0

/**
 * An argument is outside its documented range, or a required pointer is NULL.
 */
#define PERFVEC_ERR_INVALID_ARGUMENT 1

/**
 * A file could not be opened, read, written or renamed.
 */
#define PERFVEC_ERR_IO 2

/**
 * A file is truncated, fails its checksum, or is not of the format its use demands.
 */
#define PERFVEC_ERR_CORRUPT 3

/**
 * A file or a caller speaks a version that this library does not.
 */
#define PERFVEC_ERR_VERSION 4

/**
 * Two things that must belong together do not: model and table, schema and model, ISA and model.
 */
#define PERFVEC_ERR_MISMATCH 5

/**
 * A name, index, ISA or default file is not known.
 */
#define PERFVEC_ERR_NOT_FOUND 6

/**
 * The model's graph cannot be run: missing state, wrong shape, unsupported operator, NaN weight.
 */
#define PERFVEC_ERR_MODEL 7

/**
 * ONNX Runtime is missing, too old, or refused the graph.
 */
#define PERFVEC_ERR_RUNTIME 8

/**
 * The object failed inside earlier and refuses everything but its destruction.
 */
#define PERFVEC_ERR_POISONED 9

/**
 * The call is not allowed in the object's present state: used by two threads at once, made
 * before a fork(), region open.
 */
#define PERFVEC_ERR_STATE 10

/**
 * Memory could not be obtained, or a stated bound would be passed.
 */
#define PERFVEC_ERR_OUT_OF_MEMORY 11

/**
 * A defect in this library; the text of the error is what a bug report needs.
 */
#define PERFVEC_ERR_INTERNAL 12

/**
 * A call failed; the message is the text of its error.
 */
#define PERFVEC_LOG_ERROR 1

/**
 * Something that a user should know of but that fails nothing.
 */
#define PERFVEC_LOG_WARNING 2

/**
 * What was loaded, from where, and which engine runs it.
 */
#define PERFVEC_LOG_INFO 3

/**
 * Static instruction: reads memory.
 */
#define PERFVEC_INST_LOAD (1 << 0)

/**
 * Static instruction: writes memory.
 */
#define PERFVEC_INST_STORE (1 << 1)

/**
 * Static instruction: atomic read-modify-write (also LOAD and STORE).
 */
#define PERFVEC_INST_ATOMIC (1 << 2)

/**
 * Static instruction: load-reserved.
 */
#define PERFVEC_INST_LOAD_RESERVED (1 << 3)

/**
 * Static instruction: store-conditional.
 */
#define PERFVEC_INST_STORE_CONDITIONAL (1 << 4)

/**
 * Static instruction: conditional control transfer.
 */
#define PERFVEC_INST_COND_CTRL (1 << 5)

/**
 * Static instruction: unconditional control transfer.
 */
#define PERFVEC_INST_UNCOND_CTRL (1 << 6)

/**
 * Static instruction: control transfer whose target is in the encoding.
 */
#define PERFVEC_INST_DIRECT_CTRL (1 << 7)

/**
 * Static instruction: control transfer whose target comes from a register.
 */
#define PERFVEC_INST_INDIRECT_CTRL (1 << 8)

/**
 * Static instruction: pushes a return address.
 */
#define PERFVEC_INST_CALL (1 << 9)

/**
 * Static instruction: pops a return address.
 */
#define PERFVEC_INST_RETURN (1 << 10)

/**
 * Static instruction: squashes what was fetched after it.
 */
#define PERFVEC_INST_SQUASH_AFTER (1 << 11)

/**
 * Static instruction: nothing after it may start before it is done.
 */
#define PERFVEC_INST_SERIALIZE_AFTER (1 << 12)

/**
 * Static instruction: it may not start before everything before it is done.
 */
#define PERFVEC_INST_SERIALIZE_BEFORE (1 << 13)

/**
 * Static instruction: orders earlier reads.
 */
#define PERFVEC_INST_READ_BARRIER (1 << 14)

/**
 * Static instruction: orders earlier writes.
 */
#define PERFVEC_INST_WRITE_BARRIER (1 << 15)

/**
 * Static instruction: may not execute speculatively.
 */
#define PERFVEC_INST_NON_SPECULATIVE (1 << 16)

/**
 * Static instruction: a micro-op of a macro instruction.
 */
#define PERFVEC_INST_MICRO_OP (1 << 17)

/**
 * Static instruction: the last micro-op of its macro instruction.
 */
#define PERFVEC_INST_LAST_MICRO_OP (1 << 18)

/**
 * Static instruction: a software prefetch.
 */
#define PERFVEC_INST_PREFETCH (1 << 19)

/**
 * Static instruction: a system call or environment call.
 */
#define PERFVEC_INST_SYSCALL (1 << 20)

/**
 * Static instruction: a vector instruction, classed by its major opcode only.
 */
#define PERFVEC_INST_VECTOR (1 << 21)

/**
 * Static instruction: an encoding the decoder does not know, classed by its major opcode only.
 */
#define PERFVEC_INST_UNKNOWN (1 << 22)

/**
 * Static instruction: accesses memory but carries no effective address (published text traces
 * only).
 */
#define PERFVEC_INST_NO_ADDRESS (1 << 23)

/**
 * Register class: integer.
 */
#define PERFVEC_REG_INT 0

/**
 * Register class: floating point.
 */
#define PERFVEC_REG_FLOAT 1

/**
 * Register class: vector.
 */
#define PERFVEC_REG_VEC 2

/**
 * Register class: vector element.
 */
#define PERFVEC_REG_VEC_ELEM 3

/**
 * Register class: vector predicate.
 */
#define PERFVEC_REG_VEC_PRED 4

/**
 * Register class: condition code.
 */
#define PERFVEC_REG_CC 5

/**
 * Register class: control and miscellaneous (CSRs).
 */
#define PERFVEC_REG_MISC 6

/**
 * Register class: matrix.
 */
#define PERFVEC_REG_MAT 7

/**
 * ISA: RISC-V, 64 bit; the library decodes it.
 */
#define PERFVEC_ISA_RISCV64 1

/**
 * ISA: Arm AArch64; hand over decoded static instructions.
 */
#define PERFVEC_ISA_AARCH64 2

/**
 * ISA: x86-64; hand over decoded static instructions.
 */
#define PERFVEC_ISA_X86_64 3

/**
 * Retirement: the conditional branch was taken.
 */
#define PERFVEC_TAKEN (1 << 0)

/**
 * Retirement: the conditional branch was not taken.
 */
#define PERFVEC_NOT_TAKEN (1 << 1)

/**
 * Retirement: the record is of a faulting instruction (published text traces only; hosts leave
 * these out).
 */
#define PERFVEC_FAULT (1 << 2)

/**
 * Backend: int8 where the model says that it holds its error, else f32; ONNX Runtime for graphs
 * that the native engine does not run.
 */
#define PERFVEC_BACKEND_AUTO 0

/**
 * Backend: the native engine in f32.
 */
#define PERFVEC_BACKEND_NATIVE_F32 1

/**
 * Backend: the native engine with int8 weights and activations.
 */
#define PERFVEC_BACKEND_NATIVE_INT8 2

/**
 * Backend: ONNX Runtime, loaded when a model asks for it.
 */
#define PERFVEC_BACKEND_ONNX_RUNTIME 3

/**
 * Writes the stream of one hart to a trace file. One thread at a time.
 */
typedef struct perfvec_recorder perfvec_recorder;

/**
 * What a call answers: `PERFVEC_OK` or one of `PERFVEC_ERR_...`. The numbers never change;
 * new ones may be added.
 */
typedef int32_t perfvec_status;

/**
 * Receives log messages (`level` is one of `PERFVEC_LOG_...`, `message` is valid during the
 * call). It may be called by any thread that is inside a call of this library, by several at
 * once. It must not throw, and must not call this library.
 */
typedef void (*perfvec_log_fn)(void *user, int level, const char *message);

/**
 * One architectural register (4 bytes; never grows).
 */
typedef struct perfvec_reg {
    /**
     * `PERFVEC_REG_...`.
     */
    uint8_t reg_class;
    /**
     * 0.
     */
    uint8_t reserved;
    /**
     * Index within the class.
     */
    uint16_t index;
} perfvec_reg;

/**
 * A static instruction: one encoding at one address.
 */
typedef struct perfvec_static_inst {
    /**
     * sizeof(perfvec_static_inst).
     */
    uint32_t struct_size;
    /**
     * Properties: a union of `PERFVEC_INST_...`.
     */
    uint32_t flags;
    /**
     * Address of the instruction, in bytes.
     */
    uint64_t pc;
    /**
     * Operation class, from perfvec_op_class_from_name().
     */
    uint8_t op_class;
    /**
     * Length of the encoding in bytes (micro-ops: of the macro instruction).
     */
    uint8_t size;
    /**
     * Bytes read or written by a memory access, 0 where there is none.
     */
    uint8_t access_size;
    /**
     * Number of valid entries in `src`, at most 8.
     */
    uint8_t num_src;
    /**
     * Number of valid entries in `dst`, at most 6.
     */
    uint8_t num_dst;
    /**
     * 0.
     */
    uint8_t reserved[3];
    /**
     * Source registers; a register that always reads zero is not listed.
     */
    struct perfvec_reg src[8];
    /**
     * Destination registers; a register that ignores writes is not listed.
     */
    struct perfvec_reg dst[6];
} perfvec_static_inst;

/**
 * What a trace says of its origin.
 */
typedef struct perfvec_trace_header {
    /**
     * sizeof(perfvec_trace_header).
     */
    uint32_t struct_size;
    /**
     * `PERFVEC_ISA_...`.
     */
    uint32_t isa;
    /**
     * 1 where a retirement is a micro-op, 0 where it is a whole instruction.
     */
    uint32_t micro_ops;
    /**
     * 0.
     */
    uint32_t reserved;
    /**
     * Picoseconds per cycle of the clock that timed retirements count in; 0 where there is none.
     */
    uint64_t clock_period_ps;
    /**
     * The host, "qemu", "gem5:AtomicSimpleCPU", ...; NULL for none.
     */
    const char *host;
    /**
     * The program, as the host was given it; NULL for none.
     */
    const char *program;
    /**
     * A JSON object of anything else worth keeping; NULL for none. Values that are not strings
     * are kept as their JSON text.
     */
    const char *metadata_json;
} perfvec_trace_header;

/**
 * One retirement: a dynamic instance of a static instruction (24 bytes; never grows).
 */
typedef struct perfvec_retirement {
    /**
     * Id of the static instruction, from interning.
     */
    uint32_t inst;
    /**
     * `PERFVEC_TAKEN`, `PERFVEC_NOT_TAKEN` or 0: unknown, then told from `next_pc`, and where
     * that is 0 from the retirement that follows.
     */
    uint32_t flags;
    /**
     * Virtual data address of a memory access; 0 where there is none.
     */
    uint64_t address;
    /**
     * Address of the instruction that runs next; 0 where the host does not know it yet.
     */
    uint64_t next_pc;
} perfvec_retirement;

/**
 * The totals of a finished trace.
 */
typedef struct perfvec_trace_summary {
    /**
     * sizeof(perfvec_trace_summary).
     */
    uint32_t struct_size;
    /**
     * 0.
     */
    uint32_t reserved;
    /**
     * Retirements.
     */
    uint64_t retirements;
    /**
     * Static instructions.
     */
    uint64_t statics;
    /**
     * Retirements with a cycle count.
     */
    uint64_t timed;
    /**
     * Timed windows: runs of consecutive timed retirements.
     */
    uint64_t windows;
    /**
     * Sum of all cycle counts.
     */
    uint64_t cycles;
    /**
     * Hash of the stream: equal for every host that saw the same stream.
     */
    uint64_t stream_hash;
    /**
     * Bytes of the file.
     */
    uint64_t bytes;
} perfvec_trace_summary;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * The ABI version of the library that is loaded: compare it with `PERFVEC_ABI_VERSION`.
 * Callable from any thread.
 */
uint32_t perfvec_abi_version(void);

/**
 * The version of the library that is loaded, as "major.minor.patch". Static; never NULL.
 * Callable from any thread.
 */
const char *perfvec_version(void);

/**
 * The name of a status ("PERFVEC_ERR_IO"), or "PERFVEC_ERR_UNKNOWN". Static; never NULL.
 * Callable from any thread.
 */
const char *perfvec_status_name(perfvec_status status);

/**
 * The text of the last failed call of the calling thread, whatever its object; "" where none
 * failed yet. Names what failed, what was found, and the fix. Never NULL; valid until the next
 * failed call of this thread. Successful calls leave it alone.
 */
const char *perfvec_last_error(void);

/**
 * Sends messages up to `max_level` (one of `PERFVEC_LOG_...`) to `function` with `user`, for the
 * whole process; a NULL function silences the library, as at the start. Another thread that is
 * logging just now may still finish a call of the former function. Each call with a function
 * keeps a few bytes until the process ends. Always PERFVEC_OK. Callable from any thread.
 */
perfvec_status perfvec_set_log(perfvec_log_fn function, void *user, int max_level);

/**
 * The number of gem5's operation class called `name` ("IntAlu", "MemRead", ...; the Vector*
 * names of gem5 before 24.0 as well), or -1 for NULL and for names that the library does not
 * know. Map classes by name: gem5's own numbers change between versions. Callable from any
 * thread.
 */
int32_t perfvec_op_class_from_name(const char *name);

/**
 * Decodes the instruction at `pc`: `bytes` holds its encoding in memory order; bytes after it
 * are ignored. `isa` is one of `PERFVEC_ISA_...`. Set `out->struct_size` before the call.
 *
 * An encoding that the decoder does not know gets a class by its major opcode and
 * `PERFVEC_INST_UNKNOWN`. Errors: PERFVEC_ERR_NOT_FOUND for an ISA without a decoder,
 * PERFVEC_ERR_INVALID_ARGUMENT for too few bytes. Callable from any thread.
 */
perfvec_status perfvec_decode(uint32_t isa,
                              uint64_t pc,
                              const uint8_t *bytes,
                              size_t len,
                              struct perfvec_static_inst *out);

/**
 * Starts a trace that will be called `path`. Until perfvec_recorder_finish() it is a temporary
 * file beside it. Errors: PERFVEC_ERR_IO where it cannot be created.
 */
perfvec_status perfvec_recorder_create(const char *path,
                                       const struct perfvec_trace_header *header,
                                       struct perfvec_recorder **out);

/**
 * Interns a decoded static instruction; the same one gives the same id. Ids are dense from 0.
 */
perfvec_status perfvec_recorder_intern(struct perfvec_recorder *recorder,
                                       const struct perfvec_static_inst *inst,
                                       uint32_t *id);

/**
 * Decodes and interns; see perfvec_decode(). A repeated (pc, encoding) is mostly found without
 * decoding. `isa` must be the trace's (PERFVEC_ERR_MISMATCH).
 */
perfvec_status perfvec_recorder_intern_encoding(struct perfvec_recorder *recorder,
                                                uint32_t isa,
                                                uint64_t pc,
                                                const uint8_t *bytes,
                                                size_t len,
                                                uint32_t *id);

/**
 * Records one retirement. Errors: PERFVEC_ERR_INVALID_ARGUMENT for an id that was not interned.
 */
perfvec_status perfvec_recorder_retire(struct perfvec_recorder *recorder,
                                       const struct perfvec_retirement *r);

/**
 * Records `n` retirements in order. After an error those before the bad one are recorded.
 */
perfvec_status perfvec_recorder_retire_many(struct perfvec_recorder *recorder,
                                            const struct perfvec_retirement *r,
                                            size_t n);

/**
 * Records one retirement of a timing CPU and the cycles since the retirement before it.
 * Consecutive calls make one timed window.
 */
perfvec_status perfvec_recorder_retire_timed(struct perfvec_recorder *recorder,
                                             const struct perfvec_retirement *r,
                                             uint32_t cycles);

/**
 * Writes what is pending, makes the file durable and gives it its name. On success the recorder
 * is freed and `out`, which may be NULL, holds the totals (set `out->struct_size` before). After
 * an error the recorder is still there for perfvec_recorder_last_error() and must be aborted.
 */
perfvec_status perfvec_recorder_finish(struct perfvec_recorder *recorder,
                                       struct perfvec_trace_summary *out);

/**
 * Removes the unfinished file and frees the recorder; NULL does nothing.
 */
void perfvec_recorder_abort(struct perfvec_recorder *recorder);

/**
 * The text of the recorder's last failed call; "" where none failed. Never NULL; valid until its
 * next failed call. For NULL or a foreign pointer, the text of perfvec_last_error().
 */
const char *perfvec_recorder_last_error(const struct perfvec_recorder *recorder);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* PERFVEC_H */
