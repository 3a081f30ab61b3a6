//! Passes the linker the options for a Node addon on this platform.

fn main() {
    napi_build::setup();
}
