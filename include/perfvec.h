/*
 * perfvec: learned performance estimates inside a running simulator.
 *
 * Made from src/capi by cbindgen; do not edit.
 *
 * General flow
 *     perfvec_model_load(), perfvec_microarchs_load()     once per process
 *     perfvec_session_create()                            once per hart
 *     perfvec_session_intern_encoding()                   once per static instruction
 *     perfvec_session_retire(), ..._retire_many()         for every retirement
 *     perfvec_session_sync(), ..._estimate()              whenever the host wants to know
 *     perfvec_session_finish()                            at the end of the stream
 *     perfvec_session_free(), ...                         in any order
 *
 * Names: a call is named after its object, perfvec_OBJECT_VERB(). Only perfvec_version(),
 * perfvec_abi_version() and perfvec_last_error() belong to no object.
 *
 * Returns: every call that can fail returns a perfvec_status and keeps the text of the error for
 * perfvec_last_error() (per thread) and perfvec_session_last_error() and its counterparts (per
 * handle). A call that fails writes no result: what `out`, `len` and the like point to is
 * unchanged. No panic, abort or signal crosses the C boundary; an object that has failed internally
 * rejects every call but free. Pointers must not be NULL unless documented.
 *
 * Handles: load and create calls return a handle, and the object's free call, which accepts NULL,
 * releases it. A handle is a number that the library looks up, not an address. So any value is safe
 * to pass: a NULL, foreign or freed one is rejected with PERFVEC_ERR_INVALID_ARGUMENT, even if
 * another object was created since. At most 65536 exist at once.
 *
 * Arrays: an array that a call reads is passed as a pointer and a length; NULL is allowed for an
 * empty one. A call that fills an array takes (out, capacity, len): it writes all elements to `out`
 * and their number to `len`. With `out` NULL it only writes the number. If `capacity` is too small
 * for all elements it fails and writes nothing. `len` may be NULL if `out` is not.
 *
 * Structs that may grow begin with their size: set struct_size = sizeof the struct, also before a
 * call that fills it. Fields called reserved must be 0.
 *
 * Threads: a model may be used by any number of threads and sessions at once. A microarch table may
 * be read by any number of threads at once; a call that changes it needs exclusive access. A
 * session, recorder or calibrator may be used by one thread at a time. A call made while another
 * one is in progress returns PERFVEC_ERR_STATE; so does freeing an object that a call is using, and
 * the object then continues to exist. Calls without a handle may be made from any thread. The
 * library's own threads block the signals that a process is sent, so that the host's handlers run
 * in the host's threads.
 *
 * fork(): a child may use its parent's models (on the native engine) and microarch tables. It can
 * only free its parent's sessions, recorders and calibrators; every other call with them returns
 * PERFVEC_ERR_STATE and says how to rebuild them.
 *
 * Cost: see perfvec_session.
 *
 * Versions: within one PERFVEC_ABI_VERSION calls, constants, status codes and fields at the end of
 * structs that carry their size may be added, and nothing else changes. What else a release may
 * change is in the book, "The C ABI".
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
 * A file or a caller has a version that this library does not support.
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
 * The object failed internally in an earlier call and rejects every call but free.
 */
#define PERFVEC_ERR_POISONED 9

/**
 * The call is not allowed in the object's present state: used by two threads at once, made
 * before a fork(), region open.
 */
#define PERFVEC_ERR_STATE 10

/**
 * Memory could not be allocated, or a documented limit would be exceeded.
 */
#define PERFVEC_ERR_OUT_OF_MEMORY 11

/**
 * A bug in this library: please report it with the text of the error.
 */
#define PERFVEC_ERR_INTERNAL 12

/**
 * A call failed; the message is the text of its error.
 */
#define PERFVEC_LOG_ERROR 1

/**
 * Something that a user should know but that is not an error.
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
 * Static instruction: marks the begin of a region of interest (RISC-V: `slti x0, x0, 0x501`).
 */
#define PERFVEC_INST_REGION_BEGIN (1 << 24)

/**
 * Static instruction: marks the end of a region of interest (RISC-V: `slti x0, x0, 0x502`).
 */
#define PERFVEC_INST_REGION_END (1 << 25)

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
 * ISA: Arm AArch64; pass decoded static instructions.
 */
#define PERFVEC_ISA_AARCH64 2

/**
 * ISA: x86-64; pass decoded static instructions.
 */
#define PERFVEC_ISA_X86_64 3

/**
 * ISA: RISC-V, 32 bit; the library decodes it, and models trained on the 64-bit ISA accept it.
 */
#define PERFVEC_ISA_RISCV32 4

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
 * Backend: int8 if the model's metadata allow it, else f32; ONNX Runtime for graphs that the
 * native engine does not run.
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
 * No sampling: every retirement is measured.
 */
#define PERFVEC_SAMPLING_FULL 0

/**
 * One sampling unit in every `period` retirements, at a random offset.
 */
#define PERFVEC_SAMPLING_FIXED_RATE 1

/**
 * As many units as are needed for 95% intervals of `half_width` on every one of `targets`. The
 * sampling period changes only at fixed positions of the stream, so results do not depend on
 * timing.
 */
#define PERFVEC_SAMPLING_TARGET_ERROR 2

/**
 * As many units as fit into a share of the time, `overhead`. The sampling period changes at the
 * same positions as for a target error, according to the time spent so far: the only mode whose
 * results depend on timing. perfvec_session_plan() returns the periods that were chosen.
 */
#define PERFVEC_SAMPLING_TARGET_OVERHEAD 3

/**
 * The sampling periods that another session chose, `plan`: with the same stream, unit and seed the
 * result is bit-identical.
 */
#define PERFVEC_SAMPLING_PLAN 4

/**
 * The largest number of elements of a plan.
 */
#define PERFVEC_PLAN_MAX 2048

/**
 * `warmup` of a configuration: the length that the model recommends.
 */
#define PERFVEC_WARMUP_OF_MODEL 4294967295

/**
 * `warming` of a configuration: every retirement updates the features.
 */
#define PERFVEC_WARMING_ALL 9223372036854775807

/**
 * Number of causes in a stack: the elements that perfvec_session_stacks() writes for each
 * microarchitecture.
 */
#define PERFVEC_STACK_PARTS 11

/**
 * Fits the vector of one core to the cycles of a timing CPU.
 *
 * General flow: create; attach to a session with intervals; perfvec_session_retire_timed() for
 * every retirement; sync or finish the session; solve.
 *
 * Lifetime: from perfvec_calibrator_create() to perfvec_calibrator_free(). It may be freed while
 * it is attached to sessions.
 *
 * Threads: one at a time; the sessions that it is attached to may run in other threads.
 *
 * Cost and memory: D x D numbers, updated once per interval; D^3 operations to solve.
 */
typedef struct perfvec_calibrator perfvec_calibrator;

/**
 * A table of microarchitectures that belong to one model; it turns program vectors into cycles.
 *
 * General flow: load the model's table, or create an empty one; add, remove or merge cores; save
 * it. perfvec_microarchs_count() and perfvec_microarchs_get() list it, perfvec_microarchs_find()
 * returns the index of a core by its name.
 *
 * Lifetime: from perfvec_microarchs_load() or perfvec_microarchs_create() to
 * perfvec_microarchs_free(). Sessions do not keep it.
 *
 * Threads: any number may read it at once. A change needs exclusive access, else one of the two
 * calls returns PERFVEC_ERR_STATE.
 */
typedef struct perfvec_microarchs perfvec_microarchs;

/**
 * A foundation model, as loaded: it never changes.
 *
 * Lifetime: from perfvec_model_load() to perfvec_model_free(). Sessions, tables and calibrators
 * keep what they need of it, so it may be freed before them.
 *
 * Threads: any number at once.
 *
 * Memory: the weights, once for all sessions.
 */
typedef struct perfvec_model perfvec_model;

/**
 * Writes the stream of one hart to a trace file.
 *
 * General flow: create; intern each static instruction when the host first meets it; retire;
 * finish; free.
 *
 * Lifetime: from perfvec_recorder_create() to perfvec_recorder_free(), which removes the file of a
 * trace that was not finished.
 *
 * Threads: one at a time; it may move between threads.
 *
 * Cost: a write of some tens of KB for every 65 536 retirements. Memory: a few MB, and about 100 bytes
 * per static instruction.
 */
typedef struct perfvec_recorder perfvec_recorder;

/**
 * The stream of one hart.
 *
 * General flow: create; intern each static instruction when the host first meets it; retire;
 * estimate at any time; finish; free. Regions, intervals, a calibrator and snapshots are optional.
 *
 * Lifetime: from perfvec_session_create() to perfvec_session_free(). Its model, and what its
 * configuration points to, may be freed before it. An interval callback and its user data must
 * outlive it, or be replaced.
 *
 * Threads: one at a time; it may move between threads. Any number of sessions share a model.
 *
 * Cost, with the default model, table and configuration, in time of one server core (they differ
 * by a factor of two or so):
 * - retiring: 0.8 us in all, features and model included, most of it in the session's thread where
 *   it has one; 0.1 us when one unit in 100 is measured;
 * - perfvec_session_sync(): at least 6 ms, since incomplete segments are evaluated with their
 *   warm-up, and up to 50 ms more for pending retirements;
 * - perfvec_session_estimate(): 1 us; all 84 cores 3 us, and 0.2 ms when sampling, for the
 *   confidence intervals;
 * - an interval is delivered at most 70 000 retirements after its end with `threads` 0, and one
 *   block (`lanes` x `segment`, 65 536) later per thread; perfvec_session_sync() delivers all;
 * - perfvec_session_snapshot(): a sync, and at least 1 MB.
 *
 * Memory: 30 to 60 MB, for the lanes of a block and the engine, in proportion to `lanes`. It grows
 * with distinct cache lines, pages and static instructions, never with retirements.
 */
typedef struct perfvec_session perfvec_session;

/**
 * The result of a call: `PERFVEC_OK` or one of `PERFVEC_ERR_...`. The numbers never change; new
 * ones may be added.
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
     * Output of the decoder: 1 if the data address is the value of register `base` plus `offset`.
     */
    uint8_t has_base;
    /**
     * 0.
     */
    uint8_t reserved[2];
    /**
     * Source registers; a register that always reads zero is not listed.
     */
    struct perfvec_reg src[8];
    /**
     * Destination registers; a register that ignores writes is not listed.
     */
    struct perfvec_reg dst[6];
    /**
     * Output of the decoder: the base register (RISC-V: integer 0 reads as zero). Interning
     * ignores it.
     */
    struct perfvec_reg base;
    /**
     * Output of the decoder: the offset in bytes that is added to `base`. Interning ignores it.
     */
    int32_t offset;
} perfvec_static_inst;

/**
 * Description of a model. Strings are valid until the model is freed.
 */
typedef struct perfvec_model_info {
    /**
     * sizeof(perfvec_model_info).
     */
    uint32_t struct_size;
    /**
     * Elements of a feature row (F).
     */
    uint32_t features;
    /**
     * Elements of a representation and of a program vector (D).
     */
    uint32_t representation;
    /**
     * Instructions of warm-up that the training recommends before a segment.
     */
    uint32_t warmup;
    /**
     * The engine in use: `PERFVEC_BACKEND_...`, never PERFVEC_BACKEND_AUTO.
     */
    uint32_t backend;
    /**
     * 0.
     */
    uint32_t reserved;
    /**
     * Model id; microarch tables and program vectors of this model carry the same id.
     */
    const char *id;
    /**
     * Name of the feature schema.
     */
    const char *schema;
    /**
     * Name of the ISA it was trained on ("riscv64").
     */
    const char *isa;
} perfvec_model_info;

/**
 * One microarchitecture of a table. Strings are valid until the table is changed or freed.
 */
typedef struct perfvec_microarch_info {
    /**
     * sizeof(perfvec_microarch_info).
     */
    uint32_t struct_size;
    /**
     * 1 if the foundation model was trained on this core, else 0.
     */
    uint32_t trained;
    /**
     * Unique name.
     */
    const char *name;
    /**
     * Clock in Hz.
     */
    double clock_hz;
    /**
     * Parameters as a JSON object; "{}" if none are known.
     */
    const char *parameters_json;
    /**
     * Kind of core ("in-order", ...); "" if not known.
     */
    const char *kind;
} perfvec_microarch_info;

/**
 * Estimated time on one microarchitecture (32 bytes; never grows).
 */
typedef struct perfvec_estimate {
    /**
     * Cycles, scaled to every retirement of the region, measured or not; 0 until something has
     * been measured.
     */
    double cycles;
    /**
     * Cycles per retirement.
     */
    double cpi;
    /**
     * Seconds at the microarchitecture's clock.
     */
    double seconds;
    /**
     * Half width of the 95% confidence interval of `cycles`, relative to `cycles`; 0 in full mode,
     * 1 while it is not known yet. Always finite.
     */
    double half_width;
} perfvec_estimate;

/**
 * Settings of a session; perfvec_config_init() fills in the defaults.
 */
typedef struct perfvec_config {
    /**
     * sizeof(perfvec_config).
     */
    uint32_t struct_size;
    /**
     * PERFVEC_ABI_VERSION.
     */
    uint32_t abi_version;
    /**
     * Worker threads, at most 256; 0 runs everything inside the calls. Results do not depend on
     * it.
     */
    uint32_t threads;
    /**
     * Lanes per block, at most 4096; 0 for the default.
     */
    uint32_t lanes;
    /**
     * Measured retirements per segment, at most 1048576; 0 for the default.
     */
    uint32_t segment;
    /**
     * Warm-up retirements before each segment, at most 1048576; PERFVEC_WARMUP_OF_MODEL for what
     * the model recommends.
     */
    uint32_t warmup;
    /**
     * Retirements per interval; 0 makes no intervals.
     */
    uint64_t interval;
    /**
     * `PERFVEC_SAMPLING_...`.
     */
    uint32_t sampling;
    /**
     * Measured retirements per sampling unit, at most 1048576; 0 for the default.
     */
    uint32_t unit;
    /**
     * Fixed rate: the sampling period in retirements, at least `unit` and at most 2^52; 0 for 100
     * units.
     */
    uint64_t period;
    /**
     * Seed of the sampling offsets.
     */
    uint64_t seed;
    /**
     * 1: nothing is measured until perfvec_session_region_begin().
     */
    uint32_t start_outside_region;
    /**
     * 0.
     */
    uint32_t reserved;
    /**
     * Target error: half width of the 95% intervals relative to the estimates, 0.0001 to 0.5; 0
     * for 0.01. The `half_width` of the estimates is the width reached.
     */
    double half_width;
    /**
     * Target error: the microarchitectures whose estimates must meet it. The table is read in
     * perfvec_session_create() only. Other modes ignore it.
     */
    const struct perfvec_microarchs *targets;
    /**
     * Target overhead: time for measuring (on all threads) relative to the time that the stream
     * takes without it, 0.001 to 10; 0 for 0.1, no more than 10% slower. Functional warming counts
     * as part of the stream if every retirement updates the features, and as part of measuring if
     * `warming` bounds it.
     */
    double overhead;
    /**
     * Plan: `plan_len` numbers (at most PERFVEC_PLAN_MAX) of a perfvec_session_plan(); read in
     * perfvec_session_create() only. Other modes ignore it.
     */
    const uint64_t *plan;
    /**
     * Plan: elements of `plan`; with 0 everything is measured.
     */
    size_t plan_len;
    /**
     * Sampling: bound of functional warming, the number of retirements before each unit's warm-up
     * that update the features. Retirements further away from the next unit are only counted,
     * which is faster, but adds an error that `half_width` does not include. With
     * PERFVEC_WARMING_ALL, the default, all of them update the features; so they do in full mode
     * and outside regions, whatever the bound.
     */
    uint64_t warming;
    /**
     * End address of the image of a program linked at fixed addresses: the end of its last
     * segment, .bss included. Lists of cores treat addresses beyond it as heap, whose pages trap
     * on first access. 0: not known.
     */
    uint64_t image_end;
} perfvec_config;

/**
 * One retirement: a dynamic instance of a static instruction (24 bytes; never grows).
 */
typedef struct perfvec_retirement {
    /**
     * Id of the static instruction, from interning.
     */
    uint32_t inst;
    /**
     * `PERFVEC_TAKEN`, `PERFVEC_NOT_TAKEN` or 0 (unknown). A `next_pc` other than 0 takes
     * precedence over them; with neither, the outcome is inferred from the next retirement.
     */
    uint32_t flags;
    /**
     * Virtual data address of a memory access; 0 where there is none.
     */
    uint64_t address;
    /**
     * Address of the instruction that executes next; 0 if the host does not know it yet. A
     * conditional branch is taken if this is not the fall-through address.
     */
    uint64_t next_pc;
} perfvec_retirement;

/**
 * One finished interval of a session.
 */
typedef struct perfvec_interval {
    /**
     * sizeof(perfvec_interval) as the library knows it.
     */
    uint32_t struct_size;
    /**
     * 0.
     */
    uint32_t reserved;
    /**
     * Number of the interval, from 0.
     */
    uint64_t index;
    /**
     * Index of its first retirement in the region.
     */
    uint64_t first;
    /**
     * Retirements in it; less than configured only for the last one.
     */
    uint64_t retirements;
    /**
     * Number of these whose representations are in `vector`.
     */
    uint64_t measured;
    /**
     * Sum of their representations, `len` elements; valid during the call.
     */
    const double *vector;
    /**
     * D.
     */
    size_t len;
} perfvec_interval;

/**
 * Receives finished intervals in order. It is called by the session's own thread only, inside
 * retire, sync and finish calls. It must not throw; a call with its own session answers
 * PERFVEC_ERR_STATE, while tables may be used (perfvec_microarchs_estimate()).
 */
typedef void (*perfvec_interval_fn)(void *user, const struct perfvec_interval *interval);

/**
 * Progress counters of a session.
 */
typedef struct perfvec_counts {
    /**
     * sizeof(perfvec_counts).
     */
    uint32_t struct_size;
    /**
     * 0.
     */
    uint32_t reserved;
    /**
     * Retirements inside regions of interest.
     */
    uint64_t retired;
    /**
     * Number of these whose representations are in the program vector.
     */
    uint64_t measured;
    /**
     * Full mode: retirements in regions that the model has not evaluated yet (upper bound). 0 when
     * sampling, since most are never evaluated and the estimates are scaled to all.
     */
    uint64_t pending;
    /**
     * Sampling units measured; 0 in full mode.
     */
    uint64_t units;
    /**
     * Distinct static instructions that the decoder did not know.
     */
    uint64_t unknown_insts;
} perfvec_counts;

/**
 * Origin of a trace.
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
     * 1 if a retirement is a micro-op, 0 if it is a whole instruction.
     */
    uint32_t micro_ops;
    /**
     * 0.
     */
    uint32_t reserved;
    /**
     * Clock period of the cycles of timed retirements, in picoseconds; 0 if there are none.
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
     * Further metadata as a JSON object; NULL for none. Values that are not strings are stored as
     * their JSON text.
     */
    const char *metadata_json;
} perfvec_trace_header;

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

/**
 * Which retirements of a stream are measured. All 0 is the whole stream.
 */
typedef struct perfvec_region {
    /**
     * sizeof(perfvec_region).
     */
    uint32_t struct_size;
    /**
     * 1: the retirements between marker instructions (PERFVEC_INST_REGION_BEGIN and
     * PERFVEC_INST_REGION_END) are measured, as often as these occur; all other fields must be 0.
     */
    uint32_t markers;
    /**
     * The region begins with the retirement number `from_count` of the instruction at `from_pc`.
     */
    uint64_t from_pc;
    /**
     * Which retirement of `from_pc`, counted from 1; 0: the region begins with the stream.
     */
    uint64_t from_count;
    /**
     * Retirements to skip after that, before the region begins.
     */
    uint64_t skip;
    /**
     * Maximum length of the region in retirements; 0: no limit.
     */
    uint64_t first;
    /**
     * The region ends before a retirement of the instruction at `until_pc` that follows the
     * region's first retirement and is number `until_count` or later of the whole stream.
     */
    uint64_t until_pc;
    /**
     * Which retirement of `until_pc`, counted from 1; 0: the region ends with the stream.
     */
    uint64_t until_count;
} perfvec_region;

/**
 * Quality of a fit.
 */
typedef struct perfvec_fit {
    /**
     * sizeof(perfvec_fit).
     */
    uint32_t struct_size;
    /**
     * 0.
     */
    uint32_t reserved;
    /**
     * Retirements observed.
     */
    uint64_t retirements;
    /**
     * Intervals observed.
     */
    uint64_t intervals;
    /**
     * Root mean square of the relative errors of fitted intervals' cycles, weighted by the cycles.
     */
    double fit_error;
    /**
     * The same over held-out intervals: every fifth one, which was not fitted.
     */
    double held_out_error;
} perfvec_fit;

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
 * The error text of the last failed call of the calling thread, whatever its object; "" if none
 * has failed yet. Names what failed, what was found, and the fix. Never NULL; valid until the next
 * failed call of this thread. Successful calls do not change it.
 */
const char *perfvec_last_error(void);

/**
 * Sends messages up to `max_level` (one of `PERFVEC_LOG_...`) to `function` with `user`, for the
 * whole process; a NULL function silences the library, which is the initial state. Another thread
 * that is logging at that moment may still finish a call of the former function. Each call with a
 * function keeps a few bytes until the process ends. Always PERFVEC_OK. Callable from any thread.
 */
perfvec_status perfvec_log_set(perfvec_log_fn function, void *user, int max_level);

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
 * An unknown encoding is classified by its major opcode and gets the flag `PERFVEC_INST_UNKNOWN`.
 * `base` and `offset` describe the address of a memory access, for a host that knows the
 * registers' values but not the address; `has_base` is 0 if the address is not a base plus an
 * offset (indexed vector accesses). Errors: PERFVEC_ERR_NOT_FOUND for an ISA without a decoder,
 * PERFVEC_ERR_INVALID_ARGUMENT for too few bytes. Callable from any thread.
 */
perfvec_status perfvec_static_inst_decode(uint32_t isa,
                                          uint64_t pc,
                                          const uint8_t *bytes,
                                          size_t len,
                                          struct perfvec_static_inst *out);

/**
 * Sets the default timing rules of the whole process, for lists of cores that name none and are
 * loaded after this call: "gem5" (the initial default), "gem5-stock" (gem5 24.0 as released, which
 * mispredicts compressed branches) or "textbook". A simulator calls it once, so that cores are
 * timed by its own rules. Errors: PERFVEC_ERR_INVALID_ARGUMENT. Callable from any thread.
 */
perfvec_status perfvec_rules_set(const char *rules);

/**
 * Loads a model (.onnx), or a list of cores (.toml or .json; "cores" for the built-in list), each
 * of which is priced by a twin with its own parameters; perfvec_microarchs_load() of the same file
 * returns their table. gem5's config.json is read as a list of its pipelined CPUs, named by their
 * paths; the metadata "perfvec.notes" has a line for each setting in it that has no corresponding
 * parameter. `path` NULL means the default model: the file that the environment variable
 * PERFVEC_MODEL names, else the first of ../share/perfvec/ and ../../share/perfvec/ seen from this
 * library's folder, onnx/ of the source tree it was built in, and perfvec/ in the XDG data
 * directories. `backend` is one of `PERFVEC_BACKEND_...`. Free the model with
 * perfvec_model_free().
 *
 * Errors: PERFVEC_ERR_NOT_FOUND (the text lists every place looked at), PERFVEC_ERR_IO,
 * PERFVEC_ERR_CORRUPT, PERFVEC_ERR_OUT_OF_MEMORY (over 256 MiB), PERFVEC_ERR_MODEL,
 * PERFVEC_ERR_RUNTIME, PERFVEC_ERR_MISMATCH (this library does not have the model's feature schema
 * or ISA).
 */
perfvec_status perfvec_model_load(const char *path, uint32_t backend, struct perfvec_model **out);

/**
 * Frees the handle. Sessions that use the model continue to work. NULL does nothing.
 */
void perfvec_model_free(struct perfvec_model *model);

/**
 * Describes the model; set `out->struct_size` before the call.
 */
perfvec_status perfvec_model_get_info(const struct perfvec_model *model,
                                      struct perfvec_model_info *out);

/**
 * The metadata `key` of the model's file ("perfvec.model_id", training provenance, ...) as a
 * string that is valid until the model is freed. PERFVEC_ERR_NOT_FOUND if the file has none.
 */
perfvec_status perfvec_model_get_metadata(const struct perfvec_model *model,
                                          const char *key,
                                          const char **value);

/**
 * Loads a table (.safetensors). `path` NULL means the default model's table: the file beside the
 * default model (see perfvec_model_load()) with the extension .safetensors.
 */
perfvec_status perfvec_microarchs_load(const char *path, struct perfvec_microarchs **out);

/**
 * Creates an empty table for a model. Free it with perfvec_microarchs_free().
 */
perfvec_status perfvec_microarchs_create(const struct perfvec_model *model,
                                         struct perfvec_microarchs **out);

/**
 * Frees the table; NULL does nothing.
 */
void perfvec_microarchs_free(struct perfvec_microarchs *microarchs);

/**
 * The index of the microarchitecture called `name`; PERFVEC_ERR_NOT_FOUND if the table has none.
 */
perfvec_status perfvec_microarchs_find(const struct perfvec_microarchs *microarchs,
                                       const char *name,
                                       size_t *index);

/**
 * Number of microarchitectures; 0 for NULL or an invalid handle, with the error in
 * perfvec_last_error().
 */
size_t perfvec_microarchs_count(const struct perfvec_microarchs *microarchs);

/**
 * Describes the microarchitecture at `index` (from 0); set `out->struct_size` before the call.
 * PERFVEC_ERR_NOT_FOUND for an index past the table.
 */
perfvec_status perfvec_microarchs_get(const struct perfvec_microarchs *microarchs,
                                      size_t index,
                                      struct perfvec_microarch_info *out);

/**
 * Adds a microarchitecture: a name that the table does not have yet, its clock in Hz, parameters
 * as a JSON object (NULL for none) and its vector of `vector_len` = D finite elements.
 */
perfvec_status perfvec_microarchs_add(struct perfvec_microarchs *microarchs,
                                      const char *name,
                                      double clock_hz,
                                      const char *parameters_json,
                                      const float *vector,
                                      size_t vector_len);

/**
 * Removes the microarchitecture called `name`; the indices after it move down by one.
 */
perfvec_status perfvec_microarchs_remove(struct perfvec_microarchs *microarchs, const char *name);

/**
 * Appends the entries of the table file at `path`, which must be of the same model. Identical
 * entries are kept once; two different entries with the same name are an error, and then nothing
 * changes.
 */
perfvec_status perfvec_microarchs_merge(struct perfvec_microarchs *microarchs, const char *path);

/**
 * Writes the table to `path`: to a temporary file beside it, then renamed.
 */
perfvec_status perfvec_microarchs_save(const struct perfvec_microarchs *microarchs,
                                       const char *path);

/**
 * Estimates from a sum of representations that the caller holds, such as an interval's:
 * `vector_len` = D elements, the number of retirements that it represents and the number of these
 * that are in the sum (the same in full mode). Results as for perfvec_session_estimate_all(),
 * without a half width.
 */
perfvec_status perfvec_microarchs_estimate(const struct perfvec_microarchs *microarchs,
                                           const double *vector,
                                           size_t vector_len,
                                           uint64_t retirements,
                                           uint64_t measured,
                                           struct perfvec_estimate *out,
                                           size_t capacity,
                                           size_t *len);

/**
 * Fills in size, version and defaults. `struct_size` is sizeof(perfvec_config) as the caller was
 * compiled: nothing is written past it, and fields that this library does not know are set to 0.
 *
 * Errors: PERFVEC_ERR_INVALID_ARGUMENT for NULL or an impossible size, PERFVEC_ERR_VERSION for a
 * size that no version of the header had.
 */
perfvec_status perfvec_config_init(struct perfvec_config *config, size_t struct_size);

/**
 * Creates a session at the start of a stream. `config` NULL means the defaults. The model, and
 * what the configuration points to, may be freed afterwards. Free the session with
 * perfvec_session_free().
 *
 * Errors: PERFVEC_ERR_VERSION if the caller was compiled against another ABI version,
 * PERFVEC_ERR_INVALID_ARGUMENT for a field outside its range, PERFVEC_ERR_OUT_OF_MEMORY if there
 * is no memory for the lanes, PERFVEC_ERR_STATE in a child of fork() with a model that runs on
 * ONNX Runtime.
 */
perfvec_status perfvec_session_create(const struct perfvec_model *model,
                                      const struct perfvec_config *config,
                                      struct perfvec_session **out);

/**
 * Stops the session's threads and frees it; NULL does nothing. Pending retirements are discarded.
 * In a child of fork() a session of the parent stays allocated.
 */
void perfvec_session_free(struct perfvec_session *session);

/**
 * The text of the session's last failed call; "" where none failed. Never NULL; valid until its
 * next failed call. For NULL or a foreign pointer, and while another thread is in a call with
 * the session, the text of perfvec_last_error().
 */
const char *perfvec_session_last_error(const struct perfvec_session *session);

/**
 * Resets the session to the start of a stream, with the same configuration; interned static
 * instructions, callback and calibrator are kept.
 */
perfvec_status perfvec_session_reset(struct perfvec_session *session);

/**
 * Begins a region of interest: the retirements that follow are measured. PERFVEC_ERR_STATE inside
 * a region.
 */
perfvec_status perfvec_session_region_begin(struct perfvec_session *session);

/**
 * Ends a region of interest: the retirements that follow warm the features but are not measured.
 * PERFVEC_ERR_STATE outside a region.
 */
perfvec_status perfvec_session_region_end(struct perfvec_session *session);

/**
 * Evaluates the model on all pending retirements and delivers finished intervals. Afterwards
 * nothing is pending except a control transfer whose outcome depends on the next retirement. It
 * does not change the results of later calls in any bit. Cost: waits for all pending work, then
 * evaluates the incomplete block, which later calls evaluate again (see perfvec_session).
 * Estimates without a sync lag by the pending retirements and have no such cost.
 */
perfvec_status perfvec_session_sync(struct perfvec_session *session);

/**
 * Ends the stream: evaluates the model on everything that is pending and delivers the remaining
 * intervals, the last of which may be short. Reset the session before feeding it another stream.
 */
perfvec_status perfvec_session_finish(struct perfvec_session *session);

/**
 * Interns a decoded static instruction; the same instruction gets the same id. Ids are dense from
 * 0 and stay valid across perfvec_session_reset().
 */
perfvec_status perfvec_session_intern(struct perfvec_session *session,
                                      const struct perfvec_static_inst *inst,
                                      uint32_t *id);

/**
 * Decodes and interns; see perfvec_static_inst_decode(). A repeated (pc, encoding) is found
 * without decoding. PERFVEC_ERR_MISMATCH if the model was trained on another ISA.
 */
perfvec_status perfvec_session_intern_encoding(struct perfvec_session *session,
                                               uint32_t isa,
                                               uint64_t pc,
                                               const uint8_t *bytes,
                                               size_t len,
                                               uint32_t *id);

/**
 * Reports one retirement. Errors: PERFVEC_ERR_INVALID_ARGUMENT for an id that was not interned,
 * and for flags that contradict each other.
 */
perfvec_status perfvec_session_retire(struct perfvec_session *session,
                                      const struct perfvec_retirement *retirement);

/**
 * Reports `len` retirements in order. After an error none of them is accepted.
 */
perfvec_status perfvec_session_retire_many(struct perfvec_session *session,
                                           const struct perfvec_retirement *retirements,
                                           size_t len);

/**
 * Interns an encoding, through a cache, and retires it, in one call. `address` and `next_pc` as in
 * perfvec_retirement.
 */
perfvec_status perfvec_session_retire_encoding(struct perfvec_session *session,
                                               uint32_t isa,
                                               uint64_t pc,
                                               const uint8_t *bytes,
                                               size_t len,
                                               uint64_t address,
                                               uint64_t next_pc);

/**
 * Reports one retirement of a timing CPU and the cycles since the retirement before it. The cycles
 * go to the attached calibrator; without one they are ignored.
 */
perfvec_status perfvec_session_retire_timed(struct perfvec_session *session,
                                            const struct perfvec_retirement *retirement,
                                            uint32_t cycles);

/**
 * Sets the callback that receives intervals, or none (NULL), with its `user` data. For the delay
 * of delivery see perfvec_session. The callback's time adds to the call that it is made from. Set
 * it before the first retirement to receive all intervals: those that begin while a session has
 * neither a callback nor a calibrator are discarded, so that they do not fill the memory.
 * PERFVEC_ERR_STATE for a session that was configured without intervals.
 */
perfvec_status perfvec_session_set_interval_callback(struct perfvec_session *session,
                                                     perfvec_interval_fn function,
                                                     void *user);

/**
 * Progress counters, without waiting for pending work; set `out->struct_size` before the call.
 */
perfvec_status perfvec_session_counts(struct perfvec_session *session, struct perfvec_counts *out);

/**
 * The estimate so far on the microarchitecture at `index` of a table, without waiting for pending
 * work (call perfvec_session_sync() first to include it). Allowed at any time while streaming.
 * Errors: PERFVEC_ERR_MISMATCH for a table of another model, PERFVEC_ERR_NOT_FOUND for an index
 * past the table.
 */
perfvec_status perfvec_session_estimate(struct perfvec_session *session,
                                        const struct perfvec_microarchs *microarchs,
                                        size_t index,
                                        struct perfvec_estimate *out);

/**
 * The same for every microarchitecture, in the table's order: perfvec_microarchs_count()
 * elements.
 */
perfvec_status perfvec_session_estimate_all(struct perfvec_session *session,
                                            const struct perfvec_microarchs *microarchs,
                                            struct perfvec_estimate *out,
                                            size_t capacity,
                                            size_t *len);

/**
 * The estimates split by cause (CPI stacks, in cycles): PERFVEC_STACK_PARTS numbers for each
 * microarchitecture, in the table's order, whose sum is exactly its cycles;
 * perfvec_microarchs_stack_part() names them. Only for lists of cores: PERFVEC_ERR_NOT_FOUND with
 * a foundation model, which does not separate causes.
 */
perfvec_status perfvec_session_stacks(struct perfvec_session *session,
                                      const struct perfvec_microarchs *microarchs,
                                      double *out,
                                      size_t capacity,
                                      size_t *len);

/**
 * The expected error of each microarchitecture's cycles, in the table's order: half widths,
 * relative to the cycles, of 90% intervals, which are meant to contain gem5's cycles for nine
 * programs in ten and include the error of sampling. Only for lists of cores:
 * PERFVEC_ERR_NOT_FOUND with a foundation model; use perfvec_session_ood_score() there.
 */
perfvec_status perfvec_session_errors(struct perfvec_session *session,
                                      const struct perfvec_microarchs *microarchs,
                                      double *out,
                                      size_t capacity,
                                      size_t *len);

/**
 * The name of the cause at `index` (from 0) of a stack, such as "branch"; NULL past the last.
 * Valid as long as the library is loaded.
 */
const char *perfvec_microarchs_stack_part(size_t index);

/**
 * The totals over several sessions (harts): cycles and seconds add up, the CPI is over all
 * retirements, and half widths combine as those of independent samples. Results as for
 * perfvec_session_estimate_all(). The sessions must be in no other call.
 */
perfvec_status perfvec_session_estimate_total(struct perfvec_session *const *sessions,
                                              size_t sessions_len,
                                              const struct perfvec_microarchs *microarchs,
                                              struct perfvec_estimate *out,
                                              size_t capacity,
                                              size_t *len);

/**
 * The out-of-distribution score of the stream so far: 0 is the centre of the training programs, 1
 * their edge; distrust estimates above 1. PERFVEC_ERR_NOT_FOUND if the table holds no training
 * distribution, PERFVEC_ERR_STATE until something has been measured.
 */
perfvec_status perfvec_session_ood_score(struct perfvec_session *session,
                                         const struct perfvec_microarchs *microarchs,
                                         double *score);

/**
 * The program vector so far: D elements (perfvec_model_info.representation).
 */
perfvec_status perfvec_session_vector(struct perfvec_session *session,
                                      double *out,
                                      size_t capacity,
                                      size_t *len);

/**
 * The plan so far of a session that adapts its sampling period (target error or overhead): the
 * sampling period, in units, of each epoch after the first. At most PERFVEC_PLAN_MAX numbers; none
 * in other modes. With these as `plan`, PERFVEC_SAMPLING_PLAN measures the same units again.
 */
perfvec_status perfvec_session_plan(struct perfvec_session *session,
                                    uint64_t *out,
                                    size_t capacity,
                                    size_t *len);

/**
 * Writes the program vector so far to a file that merges with others of the same model: to a
 * temporary file beside `path`, then renamed.
 */
perfvec_status perfvec_session_save_vector(struct perfvec_session *session, const char *path);

/**
 * The complete state as bytes: a session restored from it continues bit-identically. An interval
 * callback and a calibrator are not part of it. Asking for the length takes a snapshot, which the
 * next call reuses if the session has not changed in between.
 */
perfvec_status perfvec_session_snapshot(struct perfvec_session *session,
                                        uint8_t *out,
                                        size_t capacity,
                                        size_t *len);

/**
 * Replaces the session's stream, configuration and interned instructions with those of a snapshot;
 * its threads, callback and calibrator are kept. Errors: PERFVEC_ERR_MISMATCH for a snapshot of
 * another model, PERFVEC_ERR_CORRUPT for damaged bytes; the session is then unchanged.
 */
perfvec_status perfvec_session_restore(struct perfvec_session *session,
                                       const uint8_t *snapshot,
                                       size_t len);

/**
 * perfvec_session_snapshot() to a file: to a temporary file beside `path`, then renamed.
 */
perfvec_status perfvec_session_snapshot_file(struct perfvec_session *session, const char *path);

/**
 * perfvec_session_restore() from a file.
 */
perfvec_status perfvec_session_restore_file(struct perfvec_session *session, const char *path);

/**
 * Starts a trace file. Until perfvec_recorder_finish() it has a temporary name beside `path`.
 * Errors: PERFVEC_ERR_IO if it cannot be created.
 */
perfvec_status perfvec_recorder_create(const char *path,
                                       const struct perfvec_trace_header *header,
                                       struct perfvec_recorder **out);

/**
 * Interns a decoded static instruction; the same instruction gets the same id. Ids are dense from
 * 0.
 */
perfvec_status perfvec_recorder_intern(struct perfvec_recorder *recorder,
                                       const struct perfvec_static_inst *inst,
                                       uint32_t *id);

/**
 * Decodes and interns; see perfvec_static_inst_decode(). A repeated (pc, encoding) is mostly found without
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
                                       const struct perfvec_retirement *retirement);

/**
 * Records `len` retirements in order. They are checked first: if perfvec_recorder_retire() would
 * reject any of them, none is recorded.
 */
perfvec_status perfvec_recorder_retire_many(struct perfvec_recorder *recorder,
                                            const struct perfvec_retirement *retirements,
                                            size_t len);

/**
 * Records one retirement of a timing CPU and the cycles since the retirement before it.
 * Consecutive calls make one timed window.
 */
perfvec_status perfvec_recorder_retire_timed(struct perfvec_recorder *recorder,
                                             const struct perfvec_retirement *retirement,
                                             uint32_t cycles);

/**
 * Ends the trace: writes pending data, syncs the file to disk and renames it to its final name.
 * `out`, which may be NULL, receives the totals (set `out->struct_size` before). After this call,
 * failed or not, the recorder can only be freed; other calls return PERFVEC_ERR_STATE.
 */
perfvec_status perfvec_recorder_finish(struct perfvec_recorder *recorder,
                                       struct perfvec_trace_summary *out);

/**
 * Frees the recorder, and removes the file of a trace that was not finished. NULL does nothing. In
 * a child of fork() a recorder of the parent stays allocated, and its file is not touched.
 */
void perfvec_recorder_free(struct perfvec_recorder *recorder);

/**
 * The text of the recorder's last failed call; "" where none failed. Never NULL; valid until its
 * next failed call. For NULL or a foreign pointer, the text of perfvec_last_error().
 */
const char *perfvec_recorder_last_error(const struct perfvec_recorder *recorder);

/**
 * Sets the region that the session measures, instead of calls of perfvec_session_region_begin()
 * and perfvec_session_region_end(), which then fail. Retirements before the region warm the
 * features; those after its end are ignored. The region is kept across perfvec_session_reset().
 *
 * Errors: PERFVEC_ERR_STATE after the first retirement, PERFVEC_ERR_INVALID_ARGUMENT for a region
 * that cannot be.
 */
perfvec_status perfvec_session_set_region(struct perfvec_session *session,
                                          const struct perfvec_region *region);

/**
 * Sets the region that is recorded; other retirements are discarded. Such a trace cannot warm the
 * features before the region. If that matters, record everything and set the region for the
 * replay.
 *
 * Errors: PERFVEC_ERR_STATE after the first instruction was interned,
 * PERFVEC_ERR_INVALID_ARGUMENT for a region that cannot be.
 */
perfvec_status perfvec_recorder_set_region(struct perfvec_recorder *recorder,
                                           const struct perfvec_region *region);

/**
 * Creates a calibrator for streams of `model`. `prior` is a table of known cores of the same
 * model, with which short runs suffice; NULL for none. Both may be freed afterwards. Errors:
 * PERFVEC_ERR_MISMATCH for a table of another model.
 */
perfvec_status perfvec_calibrator_create(const struct perfvec_model *model,
                                         const struct perfvec_microarchs *prior,
                                         struct perfvec_calibrator **out);

/**
 * Attaches a calibrator to a session: it receives the cycles of perfvec_session_retire_timed(), by
 * intervals that are measured and timed throughout; NULL detaches. A calibrator may be attached to
 * several sessions, and freed while it is attached. Configure the session with intervals of about
 * 1000 retirements (PERFVEC_ERR_STATE without any).
 */
perfvec_status perfvec_session_attach_calibrator(struct perfvec_session *session,
                                                 struct perfvec_calibrator *calibrator);

/**
 * Fits the vector and adds it to `table` as `name` with `clock_hz`; `out`, which may be NULL,
 * receives the quality of the fit (set `out->struct_size` before the call). Call
 * perfvec_session_sync() on the sessions first. More intervals may follow, and another fit.
 * PERFVEC_ERR_STATE with fewer than 10 intervals.
 */
perfvec_status perfvec_calibrator_solve(struct perfvec_calibrator *calibrator,
                                        const char *name,
                                        double clock_hz,
                                        struct perfvec_microarchs *table,
                                        struct perfvec_fit *out);

/**
 * The text of the calibrator's last failed call; "" where none failed. Never NULL; valid until
 * its next failed call. For NULL or a foreign pointer, the text of perfvec_last_error().
 */
const char *perfvec_calibrator_last_error(const struct perfvec_calibrator *calibrator);

/**
 * Frees the handle; sessions that it is attached to are not affected. NULL does nothing.
 */
void perfvec_calibrator_free(struct perfvec_calibrator *calibrator);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* PERFVEC_H */
