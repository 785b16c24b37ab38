//! One hart's stream: from retirements to a program vector and its estimates.
