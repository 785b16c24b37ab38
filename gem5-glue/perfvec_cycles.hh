/**
 * @file
 * Cycle files (.pvc): the observed cycles of one program on one microarchitecture.
 *
 * The stream of a program is the same on every core, so it is recorded once (a trace), and each
 * core adds only what it took: the cycles from one retirement's commit to the next one's.
 *
 *     8 bytes   "PVCYCLE1"
 *     payload   u16 per retirement (none where "timed" is false), window after window; 65535 says: see `large`
 *     large     per such retirement: u64 its place in the payload, u32 cycles
 *     hashes    u64 per block of 1000 retirements, window after window (see BlockHash)
 *     metadata  JSON, one object
 *     24 bytes  u64 number of `large`, u64 number of `hashes`, u32 bytes of metadata,
 *               u32 CRC-32 of everything before itself
 *
 * All numbers are little-endian. The metadata names the program, the microarchitecture, and each
 * window: its first retirement, counted from the start of the process, and its length. A file is
 * written beside its name and then renamed: one that exists is whole.
 */
#ifndef PERFVEC_CYCLES_HH
#define PERFVEC_CYCLES_HH

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "perfvec_stream.hh"

namespace perfvec_glue
{

/** CRC-32 (IEEE 802.3), to be continued with its own result. */
inline std::uint32_t
crc32(const void *data, std::size_t size, std::uint32_t crc = 0)
{
    static const std::vector<std::uint32_t> table = [] {
        std::vector<std::uint32_t> rows(256);
        for (std::uint32_t i = 0; i < 256; ++i) {
            std::uint32_t row = i;
            for (int bit = 0; bit < 8; ++bit)
                row = (row >> 1) ^ (row & 1 ? 0xedb88320u : 0);
            rows[i] = row;
        }
        return rows;
    }();
    const auto *bytes = static_cast<const unsigned char *>(data);
    crc = ~crc;
    for (std::size_t i = 0; i < size; ++i)
        crc = table[(crc ^ bytes[i]) & 0xff] ^ (crc >> 8);
    return ~crc;
}

/** `text` as the inside of a JSON string. */
inline std::string
jsonEscape(const std::string &text)
{
    std::string out;
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (static_cast<unsigned char>(c) < 0x20) {
            char code[8];
            std::snprintf(code, sizeof code, "\\u%04x", c);
            out += code;
        } else {
            out += c;
        }
    }
    return out;
}

/** Writes a cycle file. error() reports the first failure, also after later calls. */
class CycleFile
{
  public:
    using Window = std::pair<std::uint64_t, std::uint64_t>;

    CycleFile() = default;
    CycleFile(const CycleFile &) = delete;
    CycleFile &operator=(const CycleFile &) = delete;
    ~CycleFile() { discard(); }

    /**
     * Opens `path`. Without windows, every retirement is taken.
     * @param windows {first retirement, length}, in order and apart from each other.
     * @param timed whether to store cycles; without them, the file says only what retired.
     */
    bool
    open(const std::string &path, std::vector<Window> windows, bool timed = true)
    {
        target = path;
        store = timed;
        temporary = path + ".part";
        planned = std::move(windows);
        for (std::size_t i = 0; i + 1 < planned.size(); ++i) {
            if (planned[i].first + planned[i].second > planned[i + 1].first)
                return fail("windows overlap or are out of order");
        }
        file = std::fopen(temporary.c_str(), "wb");
        if (!file)
            return fail("cannot open " + temporary + ": " + std::strerror(errno));
        return put("PVCYCLE1", 8);
    }

    /** One retirement: `index` counts every retirement of the process, `cycles` since the last. */
    void
    add(std::uint64_t index, std::uint64_t pc, std::uint64_t address, std::uint64_t cycles)
    {
        if (!inWindow(index))
            return;
        if (taken.empty() || taken.back().first + taken.back().second != index) {
            // A window that starts inside a block hashes only its own part of it.
            if (!taken.empty() && open_block)
                blocks.cut();
            taken.emplace_back(index, 0);
        }
        ++taken.back().second;
        blocks.add(pc, address, index);
        open_block = (index + 1) % BlockHash::BLOCK != 0;
        if (!store) {
            ++count;
            return;
        }
        total += cycles;
        if (cycles >= ESCAPE)
            large.emplace_back(count, cycles < UINT32_MAX ? cycles : UINT32_MAX);
        const std::uint16_t code = cycles < ESCAPE ? cycles : ESCAPE;
        const unsigned char bytes[2] = {static_cast<unsigned char>(code),
                                        static_cast<unsigned char>(code >> 8)};
        put(bytes, 2);
        ++count;
    }

    /**
     * Completes the file under its name.
     * @param fields JSON members for the metadata, without braces; may be empty.
     */
    bool
    finish(const std::string &fields)
    {
        if (!file)
            return fail("not open");
        if (open_block)
            blocks.cut();
        for (const auto &[place, cycles] : large) {
            put64(place);
            put32(cycles);
        }
        for (const std::uint64_t hash : blocks.hashes())
            put64(hash);
        std::string json = "{";
        json += fields.empty() ? "" : fields + ", ";
        json += std::string("\"timed\": ") + (store ? "true" : "false") + ", \"retirements\": " + std::to_string(count) + ", \"cycles\": "
            + std::to_string(total) + ", \"block\": " + std::to_string(BlockHash::BLOCK)
            + ", \"windows\": [";
        for (std::size_t i = 0; i < taken.size(); ++i) {
            json += (i ? ", [" : "[") + std::to_string(taken[i].first) + ", "
                + std::to_string(taken[i].second) + "]";
        }
        json += "]}";
        put(json.data(), json.size());
        put64(large.size());
        put64(blocks.hashes().size());
        put32(json.size());
        put32(crc);
        const bool closed = std::fclose(file) == 0;
        file = nullptr;
        if (!message.empty() || !closed) {
            std::remove(temporary.c_str());
            return fail("cannot write " + temporary);
        }
        if (std::rename(temporary.c_str(), target.c_str()) != 0) {
            std::remove(temporary.c_str());
            return fail("cannot rename " + temporary);
        }
        return true;
    }

    /** Removes the unfinished file. */
    void
    discard()
    {
        if (file) {
            std::fclose(file);
            std::remove(temporary.c_str());
        }
        file = nullptr;
    }

    std::uint64_t retirements() const { return count; }
    std::uint64_t cycles() const { return total; }
    /** What went wrong first; empty while nothing did. */
    const std::string &error() const { return message; }

  private:
    static constexpr std::uint64_t ESCAPE = 0xffff;

    bool
    inWindow(std::uint64_t index)
    {
        if (planned.empty())
            return true;
        while (next < planned.size() && index >= planned[next].first + planned[next].second)
            ++next;
        return next < planned.size() && index >= planned[next].first;
    }

    bool
    fail(const std::string &what)
    {
        if (message.empty())
            message = target + ": " + what;
        return false;
    }

    bool
    put(const void *data, std::size_t size)
    {
        crc = crc32(data, size, crc);
        if (std::fwrite(data, 1, size, file) != size)
            return fail("cannot write " + temporary);
        return true;
    }

    void
    put64(std::uint64_t value)
    {
        put32(static_cast<std::uint32_t>(value));
        put32(static_cast<std::uint32_t>(value >> 32));
    }

    void
    put32(std::uint32_t value)
    {
        unsigned char bytes[4];
        for (int i = 0; i < 4; ++i)
            bytes[i] = static_cast<unsigned char>(value >> (8 * i));
        put(bytes, 4);
    }

    std::FILE *file = nullptr;
    std::string target, temporary, message;
    std::vector<Window> planned, taken;
    std::size_t next = 0;
    std::uint64_t count = 0, total = 0;
    std::uint32_t crc = 0;
    bool open_block = false, store = true;
    BlockHash blocks;
    std::vector<std::pair<std::uint64_t, std::uint32_t>> large;
};

} // namespace perfvec_glue

#endif // PERFVEC_CYCLES_HH
