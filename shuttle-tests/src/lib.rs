#![cfg(tachometer_shuttle)]
