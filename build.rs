//! Gives the shared library its SONAME, and all of it the fingerprint of its sources.

#[path = "src/fingerprint.rs"]
mod fingerprint;

fn main() -> std::io::Result<()> {
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libperfvec.so.0");
    }
    let src = std::path::Path::new("src");
    // Each by its own name, so that a change of the command alone compiles no library anew. A new
    // one comes with a change of lib.rs.
    for path in fingerprint::entries(src)? {
        println!("cargo:rerun-if-changed={}", path.display());
    }
    println!(
        "cargo:rustc-env=PERFVEC_SOURCES={:016x}",
        fingerprint::of(src)?
    );
    Ok(())
}
