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
    perfvec_region region = {};
    region.skip = 100;
    region.first = 50;
    session.set_region(region);
    for (uint64_t n = 0; n < 300; n++)
        session.retire(loop_retirement(id, n));
    session.finish();
    CHECK(session.counts().retired == 50);
    session.reset();
    session.set_region(perfvec_region{});

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
    // The session goes on without it, and takes another one.
    const auto retired = session.counts().retired;
    session.reset();
    for (uint64_t n = 0; n < 2000; n++)
        session.retire(loop_retirement(id, n));
    session.sync();
    CHECK(retired > 0 && session.counts().retired == 2000);
    calls = 0;
    session.on_interval([&](const perfvec_interval &i) {
        CHECK(table.estimate(i).size() == 2);
        calls++;
        // Its own session is in a call: that throws, and the receiver may catch it.
        throws(PERFVEC_ERR_STATE, "callback", [&] { session.on_interval(nullptr); });
        throws(PERFVEC_ERR_STATE, "callback", [&] { session.sync(); });
    });
    for (uint64_t n = 0; n < 2000; n++)
        session.retire(loop_retirement(id, n));
    session.sync();
    CHECK(calls > 0);
    // Removed: it is called no more, though what it captured is gone.
    {
        auto gone = std::make_unique<int>(0);
        session.on_interval([&gone](const perfvec_interval &) { ++*gone; });
        session.on_interval(nullptr);
    }
    session.on_interval({});
    calls = 0;
    session.detach_calibrator();
    for (uint64_t n = 0; n < 3000; n++)
        session.retire(loop_retirement(id, n));
    session.finish();
    CHECK(calls == 0);

    const auto estimates = session.estimate(table);
    CHECK(estimates.size() == 2 && table.find("three") == 1);
    CHECK(session.estimate(table, 1).cycles == estimates[1].cycles);
    const auto total = perfvec::estimate_total({&session}, table);
    CHECK(total[0].cycles == estimates[0].cycles);
    const auto vector = session.vector();
    const auto counts = session.counts();
    const auto priced = table.estimate(vector.data(), vector.size(), counts.retired, counts.measured);
    CHECK(vector.size() == 8 && priced[0].cycles == estimates[0].cycles);
    CHECK(session.plan().empty() && perfvec::Microarchs(model).estimate(vector.data(), 8, 1, 1).empty());
    CHECK(model.metadata("perfvec.model_id") == model.info().id);
    CHECK(perfvec::op_class("IntAlu") == 1 && !perfvec::version().empty());
    CHECK(perfvec::decode(PERFVEC_ISA_RISCV64, 0, &encodings[1], 4).base.index == 10);
    perfvec::Session again(model);
    again.restore(session.snapshot());
    CHECK(again.vector() == vector);
    again.retire(PERFVEC_ISA_RISCV64, 0x1000, &encodings[0], 4, 0, 0x1004);
    try {
        perfvec::Microarchs none("/nonexistent");
    } catch (const perfvec::Error &e) {
        CHECK(std::string(e.text()).find("/nonexistent") == 0);
    }

    const perfvec::TraceHeader header(PERFVEC_ISA_RISCV64);
    perfvec::Recorder recorder("wrapper.pvt", header);
    const auto nop = recorder.intern(PERFVEC_ISA_RISCV64, 0x1000, &encodings[0], 4);
    recorder.retire(perfvec_retirement{nop, 0, 0, 0});
    const perfvec_retirement two[2] = {{nop, 0, 0, 0}, {nop, 0, 0, 0}};
    recorder.retire(two, 2);
    CHECK(recorder.finish().retirements == 3);
    throws(PERFVEC_ERR_STATE, "finished", [&] { recorder.retire(two, 2); });
    perfvec::Recorder unfinished("unfinished.pvt", header);  // removed by its destructor
    return 0;
}
