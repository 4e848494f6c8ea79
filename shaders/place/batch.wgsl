// A tile of TILE_T tokens of the batch; group.z is the slab (a head), 0 for a matrix of one. With `last`, only the last
// token, into y's first row. With `weights`, a token's row counts as much as its route's slot `slot` says.
fn first_token(group: vec3<u32>) -> u32 {
    return p.token_first + group.y * TILE_T + p.last * (state.t - 1u);
}

fn rows_of(group: vec3<u32>) -> u32 {
    let first = first_token(group);
    return min(max(state.t, first) - first, TILE_T);
}

fn slab_of(group: vec3<u32>, slot: u32) -> u32 {
    return group.z;
}

fn x_of(group: vec3<u32>, i: u32, slot: u32) -> u32 {
    return (first_token(group) - p.token_first + i) * p.x_stride + group.z * p.x_group;
}

fn y_of(group: vec3<u32>, i: u32) -> u32 {
    return (p.token_first + group.y * TILE_T + i) * p.y_stride + group.z * p.y_group;
}

fn weight_of(group: vec3<u32>, i: u32, slot: u32) -> f32 {
    if (p.weights == 0u) {
        return 1.0;
    }
    return bitcast<f32>(routes[p.weights + (first_token(group) + i) * p.slots + p.slot]);
}
