"""What passes between the areas and lies on disk: frozen, typed, versioned. Data, never sentences."""
