// A dispatch's parameters in storage: lavapipe puts uniforms that loops and conditions depend on into the shader as constants, and, where
// that changes much, compiles it again at every dispatch.
@group(0) @binding(0) var<storage, read> p: Params;
