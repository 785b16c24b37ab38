/**
 * @file
 * From commit records to retirements: the part of the glue that knows nothing of gem5, so that
 * it compiles and is tested without it (tests/gem5/stream.cc).
 *
 * A simulator commits *records*: whole instructions or micro-ops, some of them twice. A
 * retirement is one whole instruction, once. Folder makes the second from the first; BlockHash
 * proves that two CPU models retired the same stream; IdCache finds an interned id again.
 */
#ifndef PERFVEC_STREAM_HH
#define PERFVEC_STREAM_HH

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

namespace perfvec_glue
{

/** One committed instruction or micro-op, or (after the Folder) one retirement. */
struct Record
{
    std::uint64_t pc = 0;
    /** Virtual data address; 0 where there is none. */
    std::uint64_t address = 0;
    /** Time of commit, in ticks. */
    std::uint64_t tick = 0;
    /** Of the interned static instruction; of micro-ops, the last one's counts. */
    std::uint32_t id = 0;
    bool memory = false;
    bool control = false;
    bool microOp = false;
    bool lastMicroOp = false;
    /** What retiring it does to the region of interest. */
    enum Region : std::uint8_t { Stays, Begins, Ends } region = Stays;
};

/**
 * Folds micro-ops into their instruction and drops the first of two commits of one instruction.
 *
 * An instruction is committed twice where its first attempt faulted and was repeated: a page
 * that had to be mapped, a system call that had to wait. Only a control transfer may follow
 * itself, so a record that follows another at its own pc replaces it. Hence a retirement is
 * known one record late; flush() hands out the last.
 */
class Folder
{
  public:
    /** @param repeats whether an instruction may truly follow itself (x86 string operations). */
    explicit Folder(bool repeats = false) : mayRepeat(repeats) {}

    template <class Emit>
    void
    push(const Record &record, Emit &&emit)
    {
        if (!record.microOp) {
            partial = false;
            settle(record, emit);
            return;
        }
        if (!partial || macro.pc != record.pc) {
            macro = record;
            partial = true;
        } else if (record.memory && !macro.memory) {
            macro.memory = true;
            macro.address = record.address;
        }
        macro.control |= record.control;
        macro.tick = record.tick;
        macro.id = record.id;
        if (record.lastMicroOp) {
            partial = false;
            settle(macro, emit);
        }
    }

    /** Hands out the retirement that waits for its successor. */
    template <class Emit>
    void
    flush(Emit &&emit)
    {
        if (waiting)
            emit(static_cast<const Record &>(pending));
        waiting = false;
        partial = false;
    }

    bool hasPending() const { return waiting; }
    const Record &pendingRecord() const { return pending; }

    /** Restores what a checkpoint held: a retirement that waited for its successor. */
    void
    restorePending(const Record &record)
    {
        pending = record;
        waiting = true;
        partial = false;
    }

  private:
    template <class Emit>
    void
    settle(const Record &record, Emit &emit)
    {
        const bool again = waiting && pending.pc == record.pc
            && !pending.control && !mayRepeat;
        if (waiting && !again)
            emit(static_cast<const Record &>(pending));
        pending = record;
        waiting = true;
    }

    bool mayRepeat;
    bool partial = false;
    bool waiting = false;
    Record macro;
    Record pending;
};

/** Mixes one retirement into 64 bits. `index` counts from the first retirement of the process. */
inline std::uint64_t
mixRetirement(std::uint64_t pc, std::uint64_t address, std::uint64_t index)
{
    std::uint64_t x = pc * 0x9e3779b97f4a7c15ull;
    x ^= address * 0xc2b2ae3d27d4eb4full;
    x += index * 0x165667b19e3779f9ull;
    x ^= x >> 31;
    x *= 0xbf58476d1ce4e5b9ull;
    x ^= x >> 29;
    return x;
}

/**
 * Hash of every block of retirements. The hash of a block is the sum of its retirements' mixes,
 * so that the hash of any run of whole blocks is the sum of theirs, in any order of computing.
 */
class BlockHash
{
  public:
    static constexpr std::uint64_t BLOCK = 1000;

    void
    add(std::uint64_t pc, std::uint64_t address, std::uint64_t index)
    {
        sum += mixRetirement(pc, address, index);
        if ((index + 1) % BLOCK == 0)
            cut();
    }

    /** Ends a block that is not full: the last of a run. */
    void
    cut()
    {
        blocks.push_back(sum);
        sum = 0;
    }

    const std::vector<std::uint64_t> &hashes() const { return blocks; }

  private:
    std::uint64_t sum = 0;
    std::vector<std::uint64_t> blocks;
};

/** What is kept of an interned instruction. */
struct Known
{
    std::uint32_t id = 0;
    bool control = false;
    /** A whole instruction without a data access, which retires whenever a CPU executes it. */
    bool simple = false;
};

/**
 * Interned instructions by (pc, key), where the key is what distinguishes two at one pc: the
 * encoding, or the host's own description; never 0. A direct-mapped table, wide enough for the
 * code of large programs, in front of a hash map.
 */
class IdCache
{
  public:
    IdCache() : slots(SLOTS) {}

    /** What is known of (pc, key), if the table has it at hand. */
    const Known *
    glance(std::uint64_t pc, std::uint64_t key) const
    {
        const Slot &slot = slots[(pc >> 1) & (SLOTS - 1)];
        return slot.pc == pc && slot.key == key ? &slot.known : nullptr;
    }

    /** What is known of (pc, key); `intern()` tells it at the first request. */
    template <class Intern>
    Known
    get(std::uint64_t pc, std::uint64_t key, Intern &&intern)
    {
        if (const Known *const known = glance(pc, key))
            return *known;
        const auto name = std::make_pair(pc, key);
        auto found = ids.find(name);
        if (found == ids.end())
            found = ids.emplace(name, intern()).first;
        slots[(pc >> 1) & (SLOTS - 1)] = Slot{pc, key, found->second};
        return found->second;
    }

    /** Whether get() would need its `intern`. */
    bool
    knows(std::uint64_t pc, std::uint64_t key) const
    {
        return glance(pc, key) || ids.count(std::make_pair(pc, key)) != 0;
    }

    std::size_t size() const { return ids.size(); }

    void
    clear()
    {
        slots.assign(SLOTS, Slot());
        ids.clear();
    }

  private:
    static constexpr std::size_t SLOTS = 1u << 17;

    struct Slot
    {
        std::uint64_t pc = 0;
        std::uint64_t key = 0;
        Known known;
    };

    struct Hash
    {
        std::size_t
        operator()(const std::pair<std::uint64_t, std::uint64_t> &name) const
        {
            return mixRetirement(name.first, name.second, 0);
        }
    };

    std::vector<Slot> slots;
    std::unordered_map<std::pair<std::uint64_t, std::uint64_t>, Known, Hash> ids;
};

} // namespace perfvec_glue

#endif // PERFVEC_STREAM_HH
