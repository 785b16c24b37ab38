//! A defect on demand, so that the tests can see from C what one does.

/// Panics where the environment variable PERFVEC_TEST_PANIC names `place`.
pub(super) fn panic_if_asked(place: &str) {
    if std::env::var_os("PERFVEC_TEST_PANIC").is_some_and(|asked| asked == place) {
        panic!("injected into {place}");
    }
}
