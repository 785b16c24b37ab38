// What the programs for other simulators' files share: `feed` hands every instruction to a session,
// whose prices are printed then, or to a recorder.
#pragma once
#include <perfvec.hpp>

#include <cstdio>
#include <string>

template <typename Feed>
void price(const perfvec::Config &config, Feed feed) {
    perfvec::Model model;
    perfvec::Microarchs cores;
    perfvec::Session session(model, config);
    feed(session);
    session.finish();
    const auto estimates = session.estimate(cores);
    std::printf("%llu retirements\n", static_cast<unsigned long long>(session.counts().retired));
    for (std::size_t k = 0; k < estimates.size(); ++k)
        std::printf("%-24s %14.0f cycles %8.3f CPI\n", cores.at(k).name, estimates[k].cycles,
                    estimates[k].cpi);
    double score = 0;  // not every table knows what its model was trained on
    if (perfvec_session_ood_score(session.get(), cores.get(), &score) == PERFVEC_OK && score > 1)
        std::fprintf(stderr, "warning: unlike the training programs (score %.1f)\n", score);
}

template <typename Feed>
void record(const std::string &path, std::uint32_t isa, const char *host, Feed feed) {
    perfvec_trace_header header{};
    header.struct_size = sizeof header;
    header.isa = isa;
    header.host = host;
    perfvec::Recorder recorder(path, header);
    feed(recorder);
    std::printf("%llu retirements\n",
                static_cast<unsigned long long>(recorder.finish().retirements));
}
