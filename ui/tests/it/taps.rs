//! Every control a shopper can touch calls its door.
