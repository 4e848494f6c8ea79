// Eight things of eight lanes, one each, to all of them.

fn hand_quads(near: vec4<f32>, far: vec4<f32>) -> array<vec4<f32>, 8> {
    return array<vec4<f32>, 8>(
        subgroupBroadcast(near, 0u), subgroupBroadcast(near, 1u), subgroupBroadcast(near, 2u), subgroupBroadcast(near, 3u),
        subgroupBroadcast(near, 4u), subgroupBroadcast(near, 5u), subgroupBroadcast(near, 6u), subgroupBroadcast(near, 7u),
    );
}

fn hand_numbers(near: f32, far: f32) -> array<f32, 8> {
    return array<f32, 8>(
        subgroupBroadcast(near, 0u), subgroupBroadcast(near, 1u), subgroupBroadcast(near, 2u), subgroupBroadcast(near, 3u),
        subgroupBroadcast(near, 4u), subgroupBroadcast(near, 5u), subgroupBroadcast(near, 6u), subgroupBroadcast(near, 7u),
    );
}
