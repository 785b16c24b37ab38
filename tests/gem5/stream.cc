// Tests of what gem5-glue has that is not gem5's: folding, hashing, ids, cycle files.
// Build: c++ -std=c++17 -I gem5-glue tests/gem5/stream.cc   Run: ./a.out FOLDER
// (tests/gem5.sh does both, and reads the cycle file it leaves with perfvec_training.cycles.)

#include "perfvec_causes.hh"
#include "perfvec_cycles.hh"
#include "perfvec_stream.hh"

#include <cstdlib>
#include <iostream>
#include <random>

using namespace perfvec_glue;

#define CHECK(condition)                                                                        \
    do {                                                                                        \
        if (!(condition)) {                                                                     \
            std::cerr << __FILE__ << ":" << __LINE__ << ": not so: " #condition "\n";           \
            std::exit(1);                                                                       \
        }                                                                                       \
    } while (false)

namespace
{

Record
plain(std::uint64_t pc, std::uint64_t tick, bool control = false)
{
    Record record;
    record.pc = pc;
    record.tick = tick;
    record.control = control;
    return record;
}

Record
micro(std::uint64_t pc, std::uint64_t tick, std::uint64_t address, bool last)
{
    Record record = plain(pc, tick);
    record.microOp = true;
    record.lastMicroOp = last;
    record.memory = address != 0;
    record.address = address;
    return record;
}

std::vector<Record>
fold(const std::vector<Record> &records, bool repeats = false)
{
    Folder folder(repeats);
    std::vector<Record> out;
    const auto emit = [&](const Record &record) { out.push_back(record); };
    for (const Record &record : records)
        folder.push(record, emit);
    folder.flush(emit);
    folder.flush(emit); // the second must do nothing
    return out;
}

void
foldsMicroOps()
{
    // fence, AMO, fence: one retirement, the AMO's address, the last one's time.
    const auto out = fold({plain(0x10, 1), micro(0x14, 2, 0, false), micro(0x14, 3, 0x800, false),
                           micro(0x14, 5, 0, true), plain(0x18, 6)});
    CHECK(out.size() == 3);
    CHECK(out[1].pc == 0x14 && out[1].address == 0x800 && out[1].tick == 5 && out[1].memory);
    CHECK(out[2].pc == 0x18);
    // An instruction left in its middle never retired.
    const auto left = fold({micro(0x14, 2, 0x800, false), plain(0x40, 3)});
    CHECK(left.size() == 1 && left[0].pc == 0x40);
}

void
dropsAttempts()
{
    // A store faults, its page is mapped, it commits again: one retirement, at the second time.
    auto out = fold({plain(0x10, 1), plain(0x14, 2), plain(0x14, 9), plain(0x18, 10)});
    CHECK(out.size() == 3 && out[1].tick == 9);
    // A branch to itself is a loop.
    out = fold({plain(0x10, 1, true), plain(0x10, 2, true), plain(0x10, 3, true)});
    CHECK(out.size() == 3);
    // Where instructions do repeat, all count.
    out = fold({plain(0x10, 1), plain(0x10, 2)}, true);
    CHECK(out.size() == 2);
}

void
keepsPendingOverCheckpoint()
{
    Folder first;
    std::vector<Record> out;
    const auto emit = [&](const Record &record) { out.push_back(record); };
    first.push(plain(0x10, 1), emit);
    CHECK(out.empty() && first.hasPending());
    Folder second;
    second.restorePending(first.pendingRecord());
    second.push(plain(0x14, 2), emit);
    second.flush(emit);
    CHECK(out.size() == 2 && out[0].pc == 0x10 && out[0].tick == 1);
}

void
hashesTellStreamsApart()
{
    std::mt19937_64 random(7);
    BlockHash whole, again, other;
    for (std::uint64_t i = 0; i < 2500; ++i) {
        const std::uint64_t pc = random() % 4096, address = random() % 3 ? 0 : random();
        whole.add(pc, address, i);
        again.add(pc, address, i);
        other.add(pc, i == 1700 ? address + 8 : address, i);
    }
    whole.cut();
    again.cut();
    other.cut();
    CHECK(whole.hashes().size() == 3);
    CHECK(whole.hashes() == again.hashes());
    CHECK(whole.hashes()[0] == other.hashes()[0]);
    CHECK(whole.hashes()[1] != other.hashes()[1]);
    CHECK(whole.hashes()[2] == other.hashes()[2]);
    // Order counts.
    CHECK(mixRetirement(1, 0, 0) + mixRetirement(2, 0, 1)
          != mixRetirement(2, 0, 0) + mixRetirement(1, 0, 1));
}

void
findsIdsAgain()
{
    // Against a plain map, with far more names than slots that may clash.
    IdCache cache;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> made;
    std::mt19937_64 random(3);
    for (int i = 0; i < 200000; ++i) {
        const std::uint64_t pc = (random() % 9000) << (random() % 2 ? 1 : 17);
        const std::uint64_t key = 1 + random() % 2;
        const Known *const seen = cache.glance(pc, key);
        CHECK(!seen || cache.knows(pc, key));
        const std::uint32_t glanced = seen ? seen->id : 0;
        const Known known = cache.get(pc, key, [&] {
            CHECK(!seen);
            made.emplace_back(pc, key);
            return Known{static_cast<std::uint32_t>(made.size() - 1), key == 2, pc % 3 == 0};
        });
        CHECK(known.id < made.size() && (!seen || glanced == known.id));
        CHECK(made[known.id].first == pc && made[known.id].second == key);
        CHECK(known.control == (key == 2) && known.simple == (pc % 3 == 0));
        CHECK(cache.glance(pc, key) && cache.glance(pc, key)->id == known.id);
    }
    CHECK(cache.size() == made.size());
}

void
writesCycleFiles(const std::string &folder)
{
    CHECK(crc32("123456789", 9) == 0xcbf43926u);
    CHECK(jsonEscape("a\"b\\c\n") == "a\\\"b\\\\c\\u000a");
    CycleFile bad;
    CHECK(!bad.open(folder + "/overlap.pvc", {{0, 10}, {5, 10}}));
    CHECK(bad.error().find("overlap") != std::string::npos);
    CycleFile nowhere;
    CHECK(!nowhere.open(folder + "/missing/file.pvc", {}));

    // Windows [1000, 3000) and [5500, 6200) of a stream with known cycles.
    CycleFile file;
    CHECK(file.open(folder + "/test.pvc", {{1000, 2000}, {5500, 700}}));
    CycleFile hashes;
    CHECK(hashes.open(folder + "/stream.pvc", {}, false));
    for (std::uint64_t i = 0; i < 7000; ++i) {
        const std::uint64_t cycles = i == 1234 ? 70000 : i == 5501 ? 65535 : i % 7;
        file.add(i, 0x1000 + 4 * (i % 50), i % 3 ? 0 : 8 * i, cycles);
        hashes.add(i, 0x1000 + 4 * (i % 50), i % 3 ? 0 : 8 * i, 0);
    }
    CHECK(file.retirements() == 2700);
    CHECK(file.finish("\"program\": \"a test\""));
    CHECK(hashes.finish(""));
    CHECK(!file.finish(""));
}

/** A sampled estimate said 50 cycles of a cause that it now says 20 of. */
void
causesOfAResetAreNeverNegative()
{
    const std::vector<double> start = {10, 50, 0}, now = {40, 20, 30};
    CHECK(causesSince(now, {}, 90) == now);
    const auto parts = causesSince(now, start, 30);
    CHECK(parts == (std::vector<double>{15, 0, 15}));
    const auto plain = causesSince({40, 50, 30}, start, 60);
    CHECK(plain == (std::vector<double>{30, 0, 30}));
    CHECK(causesSince(start, start, 0) == (std::vector<double>{0, 0, 0}));
    CHECK(causesSince({5, 50, 0}, start, -5) == (std::vector<double>{0, 0, 0}));
}

} // anonymous namespace

int
main(int argc, char **argv)
{
    foldsMicroOps();
    dropsAttempts();
    keepsPendingOverCheckpoint();
    hashesTellStreamsApart();
    findsIdsAgain();
    causesOfAResetAreNeverNegative();
    writesCycleFiles(argc > 1 ? argv[1] : ".");
    std::cout << "gem5_stream: all passed\n";
}
