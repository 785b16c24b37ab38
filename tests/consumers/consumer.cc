// The C++ header in a program outside the source tree: a missing model is an exception that tells
// its status and names the file.
#include <cstring>
#include <iostream>
#include <perfvec.hpp>

int main() {
    perfvec::check_abi();
    try {
        perfvec::Model model("no-such-model.onnx");
    } catch (const perfvec::Error &e) {
        if (e.status() == PERFVEC_ERR_IO && std::strstr(e.what(), "no-such-model.onnx")) {
            std::cout << "perfvec " << perfvec_version() << " in C++: ok\n";
            return 0;
        }
        std::cerr << "another error: " << e.what() << "\n";
        return 1;
    }
    std::cerr << "a missing model was loaded\n";
    return 1;
}
