// Runs branches through one of gem5's predictors: main BRANCHES PREDICTOR LATE. Each trains LATE
// branches after its prediction; a misprediction is repaired at once. Prints as
// benches/predictors.rs --directions does.

#include "cpu/pred/2bit_local.hh"
#include "cpu/pred/bi_mode.hh"
#include "cpu/pred/multiperspective_perceptron_64KB.hh"
#include "cpu/pred/multiperspective_perceptron_8KB.hh"
#include "cpu/pred/tage_sc_l_64KB.hh"
#include "cpu/pred/tage_sc_l_8KB.hh"
#include "cpu/pred/tournament.hh"

#include <deque>

using namespace gem5;
using namespace gem5::branch_prediction;

#include "make.hh" // BPredUnit *make(const std::string &), by predictors_alone.py

struct __attribute__((packed)) Branch { uint64_t pc, next; uint8_t flags; };

int main(int, char **argv) {
    std::vector<Branch> branches;
    FILE *file = std::fopen(argv[1], "rb");
    for (Branch b; file && std::fread(&b, sizeof b, 1, file) == 1;) branches.push_back(b);
    BPredUnit *unit = make(argv[2]);
    const size_t late = std::atoi(argv[3]);

    struct Waiting { Branch branch; void *history; StaticInst inst; };
    std::deque<Waiting> flight;
    long wrong = 0;
    uint64_t hash = 0xcbf29ce484222325;
    for (const Branch &b : branches) {
        const bool conditional = b.flags & 1, taken = b.flags & 2;
        const StaticInst inst{!(b.flags & 4), !conditional};
        void *history = nullptr;
        bool said = true;
        if (conditional) {
            said = unit->lookup(0, b.pc, history);
            wrong += said != taken;
            hash = (hash ^ said) * 0x100000001b3;
        }
        unit->updateHistories(0, b.pc, !conditional, said, b.next, history);
        if (said != taken) unit->update(0, b.pc, taken, history, true, &inst, b.next);
        flight.push_back({b, history, inst});
        if (flight.size() > late) {
            Waiting &w = flight.front();
            unit->update(0, w.branch.pc, w.branch.flags & 2, w.history, false, &w.inst, w.branch.next);
            flight.pop_front();
        }
    }
    std::printf("%s %ld %016lx\n", argv[2], wrong, hash);
}
