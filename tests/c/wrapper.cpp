// The C++ wrapper: ownership, exceptions, callbacks that throw, calibration.
#include <perfvec.hpp>

#include <type_traits>

#include "check.h"

static_assert(!std::is_copy_constructible_v<perfvec::Session>);
static_assert(std::is_nothrow_move_constructible_v<perfvec::Session>);
static_assert(std::is_nothrow_move_constructible_v<perfvec::Recorder>);

template <typename F>
void throws(perfvec_status status, const char *word, F f) {
    try {
        f();
    } catch (const perfvec::Error &e) {
        CHECK(e.status() == status);
        CHECK(std::string(e.what()).find(word) != std::string::npos);
        return;
    }
    CHECK(!"nothing was thrown");
}

int main() {
    throws(PERFVEC_ERR_IO, "/nonexistent.onnx", [] { perfvec::Model m("/nonexistent.onnx"); });
    perfvec::Model model;
    perfvec::Microarchs table;
    CHECK(model.info().representation == 8 && table.size() == 2);
    perfvec::Config config;
    config.lanes = 4;
    config.segment = 64;
    config.interval = 1000;
    perfvec::Session first(model, config);
    int calls = 0;
    first.on_interval([&](const perfvec_interval &) { calls++; });
    perfvec::Session session = std::move(first);  // the callback moves along
    uint32_t id[3];
    for (uint64_t i = 0; i < 3; i++)
        id[i] = session.intern(PERFVEC_ISA_RISCV64, 0x1000 + 4 * i, &encodings[i], 4);
    perfvec::Calibrator calibrator(model, &table);
    session.attach(calibrator);
    for (uint64_t n = 0; n < 20000; n++)
        session.retire_timed(loop_retirement(id, n), 2);
    session.finish();
    CHECK(calls == 20 && session.counts().retired == 20000);
    perfvec::Microarchs fitted(model);
    CHECK(calibrator.solve("mine", 1e9, fitted).held_out_error < 0.05);
    throws(PERFVEC_ERR_NOT_FOUND, "ood", [&] { session.ood_score(table); });
    throws(PERFVEC_ERR_INVALID_ARGUMENT, "77", [&] { session.retire(perfvec_retirement{77, 0, 0, 0}); });

    session.reset();
    session.on_interval([](const perfvec_interval &) { throw std::logic_error("mine"); });
    bool caught = false;
    try {
        for (uint64_t n = 0; n < 20000; n++)
            session.retire(loop_retirement(id, n));
        session.finish();
    } catch (const std::logic_error &e) {
        caught = std::string(e.what()) == "mine";
    }
    CHECK(caught);

    perfvec_trace_header header{};
    header.struct_size = sizeof header;
    header.isa = PERFVEC_ISA_RISCV64;
    perfvec::Recorder recorder("wrapper.pvt", header);
    const auto nop = recorder.intern(PERFVEC_ISA_RISCV64, 0x1000, &encodings[0], 4);
    recorder.retire(perfvec_retirement{nop, 0, 0, 0});
    CHECK(recorder.finish().retirements == 1);
    perfvec::Recorder unfinished("unfinished.pvt", header);  // aborted by its destructor
    return 0;
}
