// A dispatch's parameters in storage: where they were uniforms, lavapipe compiled some kernels again and again (docs/design.md).
@group(0) @binding(0) var<storage, read> p: Params;
