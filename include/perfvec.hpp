// perfvec for C++17: move-only owners of the handles of perfvec.h, and errors as exceptions.
//
// Everything here is inline and calls the C ABI only, so it fits any compiler and any library of
// the same PERFVEC_ABI_VERSION. Threading and lifetime rules are those of perfvec.h; get() gives
// the handle for calls that have no wrapper. Calls throw perfvec::Error and nothing else of their
// own (std::bad_alloc aside). A callback that throws stops being called, and its exception leaves
// the session's next call.
#ifndef PERFVEC_HPP
#define PERFVEC_HPP

#include <exception>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "perfvec.h"

namespace perfvec {

// A failed call: its status, and its text as what().
class Error : public std::runtime_error {
  public:
    Error(perfvec_status status, const char *text)
        : std::runtime_error(std::string(perfvec_status_name(status)) + ": " + text),
          status_(status) {}
    perfvec_status status() const noexcept { return status_; }

  private:
    perfvec_status status_;
};

// Throws where a call of this thread failed.
inline void check(perfvec_status status) {
    if (status != PERFVEC_OK)
        throw Error(status, perfvec_last_error());
}

// Throws where the library that is loaded speaks another ABI version than this header.
inline void check_abi() {
    if (perfvec_abi_version() != PERFVEC_ABI_VERSION)
        throw Error(PERFVEC_ERR_VERSION, "the library's ABI version is not this header's");
}

namespace detail {
template <typename T, void (*Free)(T *)>
struct Free_ {
    void operator()(T *handle) const noexcept { Free(handle); }
};
template <typename T, void (*Free)(T *)>
using Owner = std::unique_ptr<T, Free_<T, Free>>;

inline const char *or_null(const std::string &path) {
    return path.empty() ? nullptr : path.c_str();
}
}  // namespace detail

// A foundation model; no path means the default one.
class Model {
  public:
    explicit Model(const std::string &path = {}, std::uint32_t backend = PERFVEC_BACKEND_AUTO) {
        check_abi();
        perfvec_model *handle = nullptr;
        check(perfvec_model_load(detail::or_null(path), backend, &handle));
        handle_.reset(handle);
    }
    perfvec_model_info info() const {
        perfvec_model_info info{};
        info.struct_size = sizeof info;
        check(perfvec_model_get_info(get(), &info));
        return info;
    }
    perfvec_model *get() const noexcept { return handle_.get(); }

  private:
    detail::Owner<perfvec_model, perfvec_model_free> handle_;
};

// A table of microarchitectures; no path means the default model's.
class Microarchs {
  public:
    explicit Microarchs(const std::string &path = {}) {
        check_abi();
        perfvec_microarchs *handle = nullptr;
        check(perfvec_microarchs_load(detail::or_null(path), &handle));
        handle_.reset(handle);
    }
    // An empty table.
    explicit Microarchs(const Model &model) {
        perfvec_microarchs *handle = nullptr;
        check(perfvec_microarchs_new(model.get(), &handle));
        handle_.reset(handle);
    }
    std::size_t size() const noexcept { return perfvec_microarchs_count(get()); }
    perfvec_microarch_info at(std::size_t index) const {
        perfvec_microarch_info info{};
        info.struct_size = sizeof info;
        check(perfvec_microarchs_get(get(), index, &info));
        return info;
    }
    void add(const std::string &name, double clock_hz, const std::vector<float> &vector,
             const std::string &parameters_json = {}) {
        check(perfvec_microarchs_add(get(), name.c_str(), clock_hz,
                                     detail::or_null(parameters_json), vector.data(),
                                     vector.size()));
    }
    void remove(const std::string &name) { check(perfvec_microarchs_remove(get(), name.c_str())); }
    void merge(const std::string &path) { check(perfvec_microarchs_merge(get(), path.c_str())); }
    void save(const std::string &path) const {
        check(perfvec_microarchs_save(get(), path.c_str()));
    }
    // Prices a sum of representations, such as an interval's, on every microarchitecture.
    std::vector<perfvec_estimate> estimate(const double *vector, std::size_t len,
                                           std::uint64_t retirements,
                                           std::uint64_t measured) const {
        std::vector<perfvec_estimate> out(size());
        check(perfvec_microarchs_estimate(get(), vector, len, retirements, measured, out.data(),
                                          out.size(), nullptr));
        return out;
    }
    perfvec_microarchs *get() const noexcept { return handle_.get(); }

  private:
    detail::Owner<perfvec_microarchs, perfvec_microarchs_free> handle_;
};

// Settings of a session, at their defaults.
struct Config : perfvec_config {
    Config() : perfvec_config() { check(perfvec_config_init(this, sizeof(perfvec_config))); }
};

// Fits a core's vector to the cycles of a timing CPU; no prior where `prior` is null.
class Calibrator {
  public:
    explicit Calibrator(const Model &model, const Microarchs *prior = nullptr) {
        perfvec_calibrator *handle = nullptr;
        check(perfvec_calibrator_create(model.get(), prior ? prior->get() : nullptr, &handle));
        handle_.reset(handle);
    }
    // Adds the fitted core to `table`.
    perfvec_fit solve(const std::string &name, double clock_hz, Microarchs &table) {
        perfvec_fit fit{};
        fit.struct_size = sizeof fit;
        check(perfvec_calibrator_solve(get(), name.c_str(), clock_hz, table.get(), &fit));
        return fit;
    }
    perfvec_calibrator *get() const noexcept { return handle_.get(); }

  private:
    detail::Owner<perfvec_calibrator, perfvec_calibrator_free> handle_;
};

// The stream of one hart.
class Session {
  public:
    explicit Session(const Model &model, const perfvec_config &config = Config()) {
        perfvec_session *handle = nullptr;
        check(perfvec_session_create(model.get(), &config, &handle));
        handle_.reset(handle);
    }

    std::uint32_t intern(const perfvec_static_inst &inst) {
        std::uint32_t id = 0;
        check(perfvec_session_intern(get(), &inst, &id));
        return id;
    }
    std::uint32_t intern(std::uint32_t isa, std::uint64_t pc, const void *bytes, std::size_t len) {
        std::uint32_t id = 0;
        check(perfvec_session_intern_encoding(get(), isa, pc,
                                              static_cast<const std::uint8_t *>(bytes), len, &id));
        return id;
    }
    void retire(const perfvec_retirement &r) { checked(perfvec_session_retire(get(), &r)); }
    void retire(const perfvec_retirement *r, std::size_t n) {
        checked(perfvec_session_retire_many(get(), r, n));
    }
    void retire_timed(const perfvec_retirement &r, std::uint32_t cycles) {
        checked(perfvec_session_retire_timed(get(), &r, cycles));
    }
    void region_begin() { check(perfvec_session_region_begin(get())); }
    void region_end() { check(perfvec_session_region_end(get())); }
    void sync() { checked(perfvec_session_sync(get())); }
    void finish() { checked(perfvec_session_finish(get())); }
    void reset() { check(perfvec_session_reset(get())); }

    perfvec_counts counts() const {
        perfvec_counts counts{};
        counts.struct_size = sizeof counts;
        check(perfvec_session_counts(get(), &counts));
        return counts;
    }
    std::vector<perfvec_estimate> estimate(const Microarchs &table) const {
        std::vector<perfvec_estimate> out(table.size());
        check(perfvec_session_estimate_all(get(), table.get(), out.data(), out.size(), nullptr));
        return out;
    }
    double ood_score(const Microarchs &table) const {
        double score = 0;
        check(perfvec_session_ood_score(get(), table.get(), &score));
        return score;
    }
    void save_vector(const std::string &path) const {
        check(perfvec_session_save_vector(get(), path.c_str()));
    }

    // Receives finished intervals inside retire, sync and finish calls.
    void on_interval(std::function<void(const perfvec_interval &)> receiver) {
        auto callback = std::make_unique<Callback>();
        callback->receiver = std::move(receiver);
        check(perfvec_session_set_interval_callback(get(), deliver, callback.get()));
        callback_ = std::move(callback);
    }
    void attach(const Calibrator &calibrator) {
        check(perfvec_session_attach_calibrator(get(), calibrator.get()));
    }

    std::vector<std::uint8_t> snapshot() const {
        std::size_t bytes = 0;
        check(perfvec_session_snapshot_size(get(), &bytes));
        std::vector<std::uint8_t> out(bytes);
        check(perfvec_session_snapshot(get(), out.data(), out.size(), &bytes));
        return out;
    }
    void restore(const std::vector<std::uint8_t> &snapshot) {
        check(perfvec_session_restore(get(), snapshot.data(), snapshot.size()));
    }
    perfvec_session *get() const noexcept { return handle_.get(); }

  private:
    struct Callback {
        std::function<void(const perfvec_interval &)> receiver;
        std::exception_ptr thrown;
    };

    static void deliver(void *user, const perfvec_interval *interval) noexcept {
        auto *callback = static_cast<Callback *>(user);
        if (callback->thrown)
            return;
        try {
            callback->receiver(*interval);
        } catch (...) {
            callback->thrown = std::current_exception();
        }
    }
    void checked(perfvec_status status) {
        if (callback_ && callback_->thrown)
            std::rethrow_exception(callback_->thrown);
        check(status);
    }

    // Declared first, so that the callback outlives the handle.
    std::unique_ptr<Callback> callback_;
    detail::Owner<perfvec_session, perfvec_session_destroy> handle_;
};

// Writes a trace; an unfinished one is removed.
class Recorder {
  public:
    Recorder(const std::string &path, const perfvec_trace_header &header) {
        check_abi();
        perfvec_recorder *handle = nullptr;
        check(perfvec_recorder_create(path.c_str(), &header, &handle));
        handle_.reset(handle);
    }
    std::uint32_t intern(const perfvec_static_inst &inst) {
        std::uint32_t id = 0;
        check(perfvec_recorder_intern(get(), &inst, &id));
        return id;
    }
    std::uint32_t intern(std::uint32_t isa, std::uint64_t pc, const void *bytes, std::size_t len) {
        std::uint32_t id = 0;
        check(perfvec_recorder_intern_encoding(
            get(), isa, pc, static_cast<const std::uint8_t *>(bytes), len, &id));
        return id;
    }
    void retire(const perfvec_retirement &r) { check(perfvec_recorder_retire(get(), &r)); }
    void retire_timed(const perfvec_retirement &r, std::uint32_t cycles) {
        check(perfvec_recorder_retire_timed(get(), &r, cycles));
    }
    perfvec_trace_summary finish() {
        perfvec_trace_summary summary{};
        summary.struct_size = sizeof summary;
        check(perfvec_recorder_finish(get(), &summary));
        handle_.release();  // freed by the call
        return summary;
    }
    perfvec_recorder *get() const noexcept { return handle_.get(); }

  private:
    detail::Owner<perfvec_recorder, perfvec_recorder_abort> handle_;
};

}  // namespace perfvec

#endif  // PERFVEC_HPP
