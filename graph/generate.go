package graph

// gqlgen looks for gqlgen.yml upwards from here and works where it finds it.

//go:generate go tool gqlgen generate
