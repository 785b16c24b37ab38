//! Models and the engines that run them.

mod lanes;
mod models;
mod onnxruntime;
