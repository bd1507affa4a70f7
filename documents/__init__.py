"""What documents and pictures are made from: tables and drawings, in English and German."""
