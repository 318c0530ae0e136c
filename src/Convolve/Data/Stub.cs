namespace Convolve.Data;
/// <summary>Stub.</summary>
public enum Normalization { None, TrainingSplit, MinusOneToOne }
