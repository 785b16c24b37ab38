// perfvec for C++17: move-only owners of the handles of perfvec.h, and errors as exceptions.
//
// Everything here is inline and calls the C ABI only, so it fits any compiler and any library of
// the same PERFVEC_ABI_VERSION. It covers all of that ABI; flow, lifetime, threading and cost are
// those of perfvec.h, and get() gives the handle. Calls throw perfvec::Error and nothing else of
// their own (std::bad_alloc aside).
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

// A failed call: its status, and its text. what() has both.
class Error : public std::runtime_error {
  public:
    Error(perfvec_status status, const char *text)
        : std::runtime_error(std::string(perfvec_status_name(status)) + ": " + text),
          status_(status) {}
    perfvec_status status() const noexcept { return status_; }
    // The text alone.
    const char *text() const noexcept {
        return what() + std::char_traits<char>::length(perfvec_status_name(status_)) + 2;
    }

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

// The version of the library that is loaded.
inline std::string version() { return perfvec_version(); }

// Sends log messages to `function`; a null one silences the library.
inline void set_rules(const std::string &rules) { check(perfvec_rules_set(rules.c_str())); }

inline void set_log(perfvec_log_fn function, void *user, int max_level) {
    check(perfvec_log_set(function, user, max_level));
}

// The number of gem5's operation class called `name`, or -1.
inline std::int32_t op_class(const std::string &name) {
    return perfvec_op_class_from_name(name.c_str());
}

// Decodes one instruction.
inline perfvec_static_inst decode(std::uint32_t isa, std::uint64_t pc, const void *bytes,
                                  std::size_t len) {
    perfvec_static_inst inst{};
    inst.struct_size = sizeof inst;
    check(perfvec_static_inst_decode(isa, pc, static_cast<const std::uint8_t *>(bytes), len,
                                     &inst));
    return inst;
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

// The array that a call of the ABI's convention fills: once for its length, once for its elements.
template <typename T, typename Call>
std::vector<T> filled(Call call) {
    std::size_t len = 0;
    check(call(static_cast<T *>(nullptr), std::size_t{0}, &len));
    std::vector<T> out(len);
    if (len > 0)
        check(call(out.data(), out.size(), &len));
    return out;
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
    // Throws PERFVEC_ERR_NOT_FOUND where the file has no such key.
    std::string metadata(const std::string &key) const {
        const char *value = nullptr;
        check(perfvec_model_get_metadata(get(), key.c_str(), &value));
        return value;
    }
    // Whether it is a list of cores, so that sessions have stacks() and errors().
    bool is_cores() const { return std::string(info().schema).rfind("cores-", 0) == 0; }
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
        check(perfvec_microarchs_create(model.get(), &handle));
        handle_.reset(handle);
    }
    std::size_t size() const noexcept { return perfvec_microarchs_count(get()); }
    // The cause at `index` of Session::stacks(); NULL from PERFVEC_STACK_PARTS on.
    static const char *stack_part(std::size_t index) noexcept {
        return perfvec_microarchs_stack_part(index);
    }
    // The strings in it live until the table is changed or freed.
    perfvec_microarch_info at(std::size_t index) const {
        perfvec_microarch_info info{};
        info.struct_size = sizeof info;
        check(perfvec_microarchs_get(get(), index, &info));
        return info;
    }
    // Throws PERFVEC_ERR_NOT_FOUND where no core has that name.
    std::size_t find(const std::string &name) const {
        std::size_t index = 0;
        check(perfvec_microarchs_find(get(), name.c_str(), &index));
        return index;
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
        std::size_t count = 0;
        check(perfvec_microarchs_estimate(get(), vector, len, retirements, measured, out.data(),
                                          out.size(), &count));
        return out;
    }
    std::vector<perfvec_estimate> estimate(const perfvec_interval &interval) const {
        return estimate(interval.vector, interval.len, interval.retirements, interval.measured);
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
    const char *last_error() const noexcept { return perfvec_calibrator_last_error(get()); }
    perfvec_calibrator *get() const noexcept { return handle_.get(); }

  private:
    detail::Owner<perfvec_calibrator, perfvec_calibrator_free> handle_;
};

// The stream of one hart.
class Session {
  public:
    explicit Session(const Model &model, const perfvec_config &config = Config()) {
        check_abi();
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
    void retire(const perfvec_retirement *r, std::size_t len) {
        checked(perfvec_session_retire_many(get(), r, len));
    }
    // Interns and retires in one call.
    void retire(std::uint32_t isa, std::uint64_t pc, const void *bytes, std::size_t len,
                std::uint64_t address, std::uint64_t next_pc) {
        checked(perfvec_session_retire_encoding(get(), isa, pc,
                                                static_cast<const std::uint8_t *>(bytes), len,
                                                address, next_pc));
    }
    void retire_timed(const perfvec_retirement &r, std::uint32_t cycles) {
        checked(perfvec_session_retire_timed(get(), &r, cycles));
    }
    void set_region(perfvec_region region) {
        region.struct_size = sizeof region;
        check(perfvec_session_set_region(get(), &region));
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
    perfvec_estimate estimate(const Microarchs &table, std::size_t index) const {
        perfvec_estimate out{};
        check(perfvec_session_estimate(get(), table.get(), index, &out));
        return out;
    }
    std::vector<perfvec_estimate> estimate(const Microarchs &table) const {
        std::vector<perfvec_estimate> out(table.size());
        std::size_t count = 0;
        check(perfvec_session_estimate_all(get(), table.get(), out.data(), out.size(), &count));
        return out;
    }
    // Cycles by cause, PERFVEC_STACK_PARTS for each core of a list of cores.
    std::vector<double> stacks(const Microarchs &table) const {
        return detail::filled<double>([&](double *out, std::size_t capacity, std::size_t *len) {
            return perfvec_session_stacks(get(), table.get(), out, capacity, len);
        });
    }
    // Relative half widths at 90 %, for the cores of a list.
    std::vector<double> errors(const Microarchs &table) const {
        return detail::filled<double>([&](double *out, std::size_t capacity, std::size_t *len) {
            return perfvec_session_errors(get(), table.get(), out, capacity, len);
        });
    }
    double ood_score(const Microarchs &table) const {
        double score = 0;
        check(perfvec_session_ood_score(get(), table.get(), &score));
        return score;
    }
    std::vector<double> vector() const {
        return detail::filled<double>([this](double *out, std::size_t capacity, std::size_t *len) {
            return perfvec_session_vector(get(), out, capacity, len);
        });
    }
    // For Config::plan; empty where the mode chooses nothing.
    std::vector<std::uint64_t> plan() const {
        return detail::filled<std::uint64_t>(
            [this](std::uint64_t *out, std::size_t capacity, std::size_t *len) {
                return perfvec_session_plan(get(), out, capacity, len);
            });
    }
    void save_vector(const std::string &path) const {
        check(perfvec_session_save_vector(get(), path.c_str()));
    }

    // Receives finished intervals inside retire, sync and finish calls; an empty function removes
    // the receiver. One that throws is removed, and its exception leaves the call that it was
    // called from, whose work is done: the session goes on, and may be given another receiver.
    // Not allowed inside a receiver.
    void on_interval(std::function<void(const perfvec_interval &)> receiver) {
        std::unique_ptr<Callback> callback;
        if (receiver) {
            callback = std::make_unique<Callback>();
            callback->receiver = std::move(receiver);
        }
        check(perfvec_session_set_interval_callback(get(), callback ? deliver : nullptr,
                                                    callback.get()));
        callback_ = std::move(callback);
    }
    void attach(const Calibrator &calibrator) {
        check(perfvec_session_attach_calibrator(get(), calibrator.get()));
    }
    void detach_calibrator() { check(perfvec_session_attach_calibrator(get(), nullptr)); }

    std::vector<std::uint8_t> snapshot() const {
        return detail::filled<std::uint8_t>(
            [this](std::uint8_t *out, std::size_t capacity, std::size_t *len) {
                return perfvec_session_snapshot(get(), out, capacity, len);
            });
    }
    void restore(const std::vector<std::uint8_t> &snapshot) {
        check(perfvec_session_restore(get(), snapshot.data(), snapshot.size()));
    }
    void snapshot_file(const std::string &path) const {
        check(perfvec_session_snapshot_file(get(), path.c_str()));
    }
    void restore_file(const std::string &path) {
        check(perfvec_session_restore_file(get(), path.c_str()));
    }
    const char *last_error() const noexcept { return perfvec_session_last_error(get()); }
    perfvec_session *get() const noexcept { return handle_.get(); }

  private:
    struct Callback {
        std::function<void(const perfvec_interval &)> receiver;
        std::exception_ptr thrown;
    };

    static void deliver(void *user, const perfvec_interval *interval) noexcept {
        auto *callback = static_cast<Callback *>(user);
        // The library hands on the other intervals of the same call.
        if (callback->thrown)
            return;
        try {
            callback->receiver(*interval);
        } catch (...) {
            callback->thrown = std::current_exception();
        }
    }
    void checked(perfvec_status status) {
        if (callback_ && callback_->thrown) {
            const std::exception_ptr thrown = callback_->thrown;
            on_interval(nullptr);
            std::rethrow_exception(thrown);
        }
        check(status);
    }

    // Declared first, so that the callback outlives the handle.
    std::unique_ptr<Callback> callback_;
    detail::Owner<perfvec_session, perfvec_session_free> handle_;
};

// The totals over several harts.
inline std::vector<perfvec_estimate> estimate_total(const std::vector<const Session *> &sessions,
                                                    const Microarchs &table) {
    std::vector<perfvec_session *> handles;
    for (const Session *session : sessions)
        handles.push_back(session->get());
    std::vector<perfvec_estimate> out(table.size());
    std::size_t count = 0;
    check(perfvec_session_estimate_total(handles.data(), handles.size(), table.get(), out.data(),
                                         out.size(), &count));
    return out;
}

// What a trace says of its origin; the strings live as long as their owner.
struct TraceHeader : perfvec_trace_header {
    explicit TraceHeader(std::uint32_t of_isa) : perfvec_trace_header() {
        struct_size = sizeof(perfvec_trace_header);
        isa = of_isa;
    }
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
    void set_region(perfvec_region region) {
        region.struct_size = sizeof region;
        check(perfvec_recorder_set_region(get(), &region));
    }
    void retire(const perfvec_retirement &r) { check(perfvec_recorder_retire(get(), &r)); }
    void retire(const perfvec_retirement *r, std::size_t len) {
        check(perfvec_recorder_retire_many(get(), r, len));
    }
    void retire_timed(const perfvec_retirement &r, std::uint32_t cycles) {
        check(perfvec_recorder_retire_timed(get(), &r, cycles));
    }
    // Afterwards the recorder can only be destroyed.
    perfvec_trace_summary finish() {
        perfvec_trace_summary summary{};
        summary.struct_size = sizeof summary;
        check(perfvec_recorder_finish(get(), &summary));
        return summary;
    }
    const char *last_error() const noexcept { return perfvec_recorder_last_error(get()); }
    perfvec_recorder *get() const noexcept { return handle_.get(); }

  private:
    detail::Owner<perfvec_recorder, perfvec_recorder_free> handle_;
};

}  // namespace perfvec

#endif  // PERFVEC_HPP
