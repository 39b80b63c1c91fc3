#pragma once
// The C++ header is included by Sources/CSimdJSON; Swift sees only that shim.
